import { digest, html, type Markup, seconds, table } from '@sumveil/pages';
import type { LineageReport } from '../report.ts';
import type { PhaseRow, RoundRow } from '../rounds.ts';
import { phaseOrder } from './plots.ts';

/** Who answered each phase of each round, and how long it took: the numbers behind the two plots. */
export function phasesSection({ rounds }: LineageReport): Markup {
  const known = phaseOrder.filter((phase) => rounds.some((row) => row.phases.some((one) => one.phase === phase)));
  if (known.length === 0) return html``;
  const columns = [
    { title: 'Round', number: true },
    ...known.map((phase) => ({ title: phase, number: true })),
    { title: 'Whole round (s)', number: true },
    { title: 'Dropped out' },
  ];
  const rows = rounds.map((row) => [
    row.attempt > 0 ? `${row.round} (again)` : row.round,
    ...known.map((phase) =>
      cell(
        row,
        row.phases.find((one) => one.phase === phase),
      ),
    ),
    seconds(row.seconds),
    row.dropped.length > 0 ? row.dropped.map((ref) => html`${digest(ref)} `) : '–',
  ]);
  const medians = [
    'median',
    ...known.map((phase) => durations(rounds, phase)),
    seconds(median(wholeRounds(rounds))),
    '',
  ];
  return html`<h2>Phases</h2>
<p class="muted">Tenants that answered, and seconds from one logged step to the next. “masked” holds the tenants’ training; “sum” and “release” are the coordinator’s own. ○ closed without the tenants that were absent, ◷ at its deadline.</p>
${table(columns, [...rows, medians], 'No phase was closed.')}`;
}

const signs: Readonly<Record<string, string>> = { absent: ' ○', deadline: ' ◷' };

function cell({ invited }: RoundRow, phase: PhaseRow | undefined): Markup | string {
  if (!phase) return '–';
  return html`${phase.answered}/${invited}${signs[phase.cause] ?? ''}<br>${seconds(phase.seconds)} s`;
}

function durations(rounds: readonly RoundRow[], name: string): string {
  const all = rounds.flatMap(({ phases }) => phases.filter(({ phase }) => phase === name).map((one) => one.seconds));
  return `${seconds(median(all))} s`;
}

function wholeRounds(rounds: readonly RoundRow[]): number[] {
  return rounds.flatMap((row) => (row.outcome === 'released' && row.seconds !== null ? [row.seconds] : []));
}

/** Null of no values; the lower of the two in the middle. */
function median(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length / 2) - 1] ?? null;
}
