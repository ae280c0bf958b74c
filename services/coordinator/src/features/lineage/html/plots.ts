import { chart, colours, figure, type Markup } from '@sumveil/pages';
import type { RoundRow } from '../rounds.ts';
import { metricText, metricTitle, partOf, shownMetrics } from './metric-name.ts';

const SERIES = [colours.blue, colours.orange];

const round = (rows: readonly RoundRow[]) => ({
  field: 'round',
  type: 'ordinal',
  title: 'round',
  scale: { domain: rows.map((row) => row.round) },
  axis: { labelAngle: 0, labelOverlap: true, ...(rows.length > 30 ? { values: everyTenth(rows) } : {}) },
});

function everyTenth(rows: readonly RoundRow[]): number[] {
  return rows.map((row) => row.round).filter((number) => number === 1 || number % 10 === 0);
}

/** One small plot for each metric; parts of one metric (train, test) share it. */
export async function convergencePlots(rounds: readonly RoundRow[], kind: string): Promise<Markup[]> {
  const shown = rounds.filter((row) => row.outcome === 'released' && (row.metrics !== null || row.metricsWithheld));
  const names = shownMetrics(shown);
  const metrics = [...new Set(names.map((name) => partOf(name).metric))];
  return Promise.all(metrics.map((metric) => convergencePlot(shown, metric, kind)));
}

async function convergencePlot(shown: readonly RoundRow[], metric: string, kind: string): Promise<Markup> {
  const names = shownMetrics(shown).filter((name) => partOf(name).metric === metric);
  // A round without the value stays in as null, so that the line breaks there instead of bridging it.
  const values = shown.flatMap((row) =>
    names.map((name) => ({ round: row.round, part: partOf(name).part, value: row.metrics?.[name] ?? null })),
  );
  const { name, unit } = metricText(metric, kind);
  const reference = referenceOf(shown, metric);
  const x = round(shown);
  const y = {
    field: 'value',
    type: 'quantitative',
    title: `${name} (${unit})`,
    scale: { zero: false, nice: true },
    axis: { tickCount: 5, format: '.2f' },
  };
  const color = {
    field: 'part',
    type: 'nominal',
    scale: { range: SERIES },
    legend: names.length > 1 ? {} : null,
  };
  const drawing = await chart({
    width: 365,
    height: 160,
    layer: [
      {
        data: { values },
        mark: { type: 'line', strokeWidth: 2, invalid: 'break-paths-filter-domains' },
        encoding: {
          x,
          y,
          color,
          ...(names.length > 1 ? { strokeDash: { field: 'part', type: 'nominal', legend: {} } } : {}),
        },
      },
      {
        data: { values },
        mark: { type: 'point', filled: true, size: 36, opacity: 1, invalid: 'filter' },
        encoding: { x, y, color },
      },
      ...(reference ? referenceLayers(reference, y) : []),
    ],
  });
  const title = names.length === 1 ? metricTitle(names[0]!) : name;
  return figure({ drawing, title, note: noteOn(shown) });
}

interface Reference {
  readonly value: number;
  readonly text: string;
}

/** What the metric has without any learning. */
function referenceOf(shown: readonly RoundRow[], metric: string): Reference | undefined {
  if (metric === 'auc') return { value: 0.5, text: 'chance 0.5' };
  const baseRate = shown.find((row) => typeof row.metrics?.['test.baseRate'] === 'number')?.metrics?.['test.baseRate'];
  return metric === 'accuracy' && typeof baseRate === 'number'
    ? { value: baseRate, text: `base rate ${baseRate.toFixed(4)}` }
    : undefined;
}

function referenceLayers({ value, text }: Reference, y: object) {
  const data = { values: [{ value, text }] };
  const at = { ...y, field: 'value' };
  return [
    { data, mark: { type: 'rule', strokeDash: [5, 4], color: colours.muted }, encoding: { y: at } },
    {
      data,
      mark: { type: 'text', align: 'right', baseline: 'bottom', dy: -3, fontSize: 11, color: colours.muted },
      encoding: { x: { value: 'width' }, y: at, text: { field: 'text' } },
    },
  ];
}

function noteOn(shown: readonly RoundRow[]): string {
  const withheld = shown.filter((row) => row.metricsWithheld).map((row) => row.round);
  return `of the model a round starts from${withheld.length > 0 ? `; round ${withheld.join(', ')} withheld` : ''}`;
}

export async function participationPlot(rounds: readonly RoundRow[]): Promise<Markup> {
  const released = rounds.filter((row) => row.survivors !== null);
  const values = released.flatMap((row) => [
    { round: row.round, what: 'in the sum', count: row.survivors, order: 0 },
    { round: row.round, what: 'dropped out', count: row.invited - row.survivors!, order: 1 },
  ]);
  const drawing = await chart({
    width: 365,
    height: 160,
    data: { values },
    mark: { type: 'bar', width: { band: 0.7 } },
    encoding: {
      x: round(released),
      y: {
        field: 'count',
        type: 'quantitative',
        title: 'tenants (number)',
        axis: { tickMinStep: 1, tickCount: 5, format: 'd' },
      },
      color: {
        field: 'what',
        type: 'nominal',
        scale: { domain: ['in the sum', 'dropped out'], range: SERIES },
        legend: {},
      },
      order: { field: 'order' },
    },
  });
  return figure({ drawing, title: 'Participation', note: 'tenants of the cohort, by round' });
}

const PHASES = ['#0b3c6f', '#2f6ea8', '#6a9fcb', '#a9c8e2', '#e0a35c', '#b5562c', '#77828d', '#3f4a55'];
export const phaseOrder = ['advertise', 'reveal', 'share', 'masked', 'consistency', 'unmask', 'sum', 'release'];

export async function durationPlot(rounds: readonly RoundRow[]): Promise<Markup> {
  const released = rounds.filter((row) => row.outcome === 'released');
  const values = released.flatMap((row) =>
    row.phases.map(({ phase, seconds }) => ({ round: row.round, phase, seconds, order: phaseOrder.indexOf(phase) })),
  );
  const domain = phaseOrder.filter((phase) => values.some((value) => value.phase === phase));
  const drawing = await chart({
    width: 850,
    height: 180,
    data: { values },
    mark: { type: 'bar', width: { band: 0.7 }, stroke: '#ffffff', strokeWidth: 0.6 },
    encoding: {
      x: round(released),
      y: { field: 'seconds', type: 'quantitative', title: 'duration (s)', axis: { tickCount: 5, format: '~r' } },
      color: { field: 'phase', type: 'nominal', scale: { domain, range: PHASES }, legend: {} },
      order: { field: 'order' },
    },
  });
  const note = 'from one logged step to the next, bottom to top; “masked” holds the tenants’ training';
  return figure({ drawing, title: 'Where the time of a round goes', note, wide: true });
}
