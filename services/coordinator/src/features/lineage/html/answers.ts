import { digest, html, type Markup, time } from '@sumveil/pages';
import type { LineageReport } from '../report.ts';
import type { RoundRow } from '../rounds.ts';
import { metricTitle, shownMetrics } from './metric-name.ts';

/** The first page: each question of governance.md section 6 with its answer in a sentence. */
export function answers(report: LineageReport): Markup {
  const entries: [string, Markup][] = [
    ['Who contributed?', contributors(report)],
    ['Who approved it?', approvals(report)],
    ['What did training reach?', reached(report)],
    [
      'Which code ran?',
      html`Code ${digest(report.plan.codeDigest)}, named by plan ${digest(report.plan.digest)}. Every tenant’s gate let only this digest train.`,
    ],
    ['On which data?', data(report)],
    ['What privacy was spent?', privacy(report)],
    ['What was decided?', decisions(report)],
    ['Who refused?', refusals(report)],
    ['Who dropped out?', dropouts(report)],
    ['Where does it come from?', ancestry(report)],
    ['Is the record whole?', log(report)],
  ];
  return html`<dl class="answers">${entries.map(([question, answer]) => html`<dt>${question}</dt><dd>${answer}</dd>`)}</dl>`;
}

function contributors(report: LineageReport): Markup {
  const released = report.rounds.filter((row) => row.outcome === 'released' && row.round <= report.producedInRound);
  const bySize = new Map<number, number>();
  for (const row of released) bySize.set(row.survivors!, (bySize.get(row.survivors!) ?? 0) + 1);
  const sizes = [...bySize].toSorted(([a], [b]) => b - a);
  const tenants = new Set(report.answers.contributors.filter((row) => row.inSum).map((row) => row.tenantRef)).size;
  const parts = sizes.map(([size, count]) => `${size} in ${count} ${plural(count, 'round')}`).join(', ');
  return html`<strong>${tenants} tenants</strong> of ${report.plan.eligible} asked, over ${released.length} ${plural(released.length, 'round')}: ${parts}. Only masked sums left them; no update or metric of one tenant exists here.`;
}

function approvals(report: LineageReport): Markup {
  const rows = report.answers.approvals;
  const granted = rows.filter((row) => row.decision === 'granted');
  const people = new Set(granted.map((row) => row.approverRef)).size;
  const tenants = new Set(granted.map((row) => row.tenantRef)).size;
  const against = rows.filter((row) => row.decision === 'refused' || row.decision === 'withdrawn').length;
  return html`<strong>${people} people</strong> of ${tenants} tenants, data stewards and privacy officers, each with a ticket of their own system and a key of their own; ${against === 0 ? 'nobody refused or withdrew' : `${against} refused or withdrew`}. Asked for by ${digest(report.plan.requesterRef)}, whose own approval would not count.`;
}

function reached(report: LineageReport): Markup {
  const first = report.rounds.find((row) => row.outcome === 'released' && row.metrics !== null);
  const last = scoredRound(report);
  if (!first || !last) return html`No metric of this version is in the log.`;
  const parts = shownMetrics([last])
    .slice(0, 4)
    .map((name) => `${metricTitle(name)} ${figure(first.metrics![name])} → ${figure(last.metrics![name])}`);
  const which =
    last.modelBefore === report.modelDigest ? 'this version' : `the model that round ${last.round} started from`;
  const rate = last.metrics!['test.baseRate'];
  const base =
    typeof rate === 'number'
      ? ` Always guessing the commoner class would have accuracy ${figure(rate)} (base rate).`
      : '';
  return html`<strong>${parts.join(', ')}</strong>: of the model that round ${first.round} started from, and of ${which}, over all survivors together.${base}`;
}

/** The round that scored this version; else the last one scored, for a version that no later round started from. */
export function scoredRound({ rounds, modelDigest }: LineageReport): RoundRow | undefined {
  const scored = rounds.filter((row) => row.outcome === 'released' && row.metrics !== null);
  return scored.find((row) => row.modelBefore === modelDigest) ?? scored.at(-1);
}

/** Four decimals below ten, so that a column lines up; an undefined metric is a dash. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  return Math.abs(value) < 10 ? value.toFixed(4) : Number(value.toPrecision(6)).toString();
}

function data(report: LineageReport): Markup {
  const policies = new Set(report.localPolicies.map((row) => row.tenantRef)).size;
  return html`Data stayed with the tenants, in regions ${report.plan.regions.join(', ')}. Each tenant’s connector checked its own rows against the plan’s data contract before training; ${policies} declared the digest of the local policy it enforced. The coordinator holds no row, count or statistic of one tenant.`;
}

function privacy(report: LineageReport): Markup {
  const { mechanism, spentMicro, epsilonTotalMicro, deltaInv } = report.privacy;
  if (mechanism === 'none') {
    return html`<strong>No differential privacy.</strong> Sums are protected by secure aggregation; each release is charged 0 to the model’s ledger, and what the model itself reveals is not bounded.`;
  }
  return html`<strong>ε ${spentMicro / 1e6}</strong> of at most ${epsilonTotalMicro / 1e6} at δ = 1/${deltaInv}, by ${mechanism}; every release charged first.`;
}

function decisions(report: LineageReport): Markup {
  const rows = report.answers.decisions;
  const denied = rows.filter((row) => row.effect === 'deny');
  const why = [...new Set(denied.flatMap((row) => row.reasons as string[]))].join(', ');
  return html`${rows.length} policy decisions, ${rows.length - denied.length} allowed and <strong>${denied.length} denied</strong>${why ? ` (${why})` : ''}. Their inputs ship with the evidence bundle, so anybody can decide again.`;
}

function refusals(report: LineageReport): Markup {
  const rows = report.answers.refusals;
  if (rows.length === 0) return html`Nobody: no connector’s gate and not the signer.`;
  const codes = [...new Set(rows.map((row) => String(row.code)))].join(', ');
  return html`<strong>${rows.length} refusals</strong> (${codes}); each is signed by who refused.`;
}

function dropouts(report: LineageReport): Markup {
  const rows = report.rounds.filter((row) => row.dropped.length > 0 && row.outcome === 'released');
  if (rows.length === 0) return html`Nobody in a released round.`;
  const parts = rows.map((row) => `round ${row.round}: ${row.dropped.length} of ${row.invited}`).join('; ');
  return html`<strong>${parts}</strong>. The sum is exactly that of the survivors; masks of those who left were recovered, their updates were not.`;
}

function ancestry(report: LineageReport): Markup {
  const first = report.ancestry[0];
  return html`Version ${report.version} descends in ${report.ancestry.length} ${plural(report.ancestry.length, 'step')} from base model ${digest(first?.parentDigest ?? report.parentDigest)}; its bytes are <code class="whole">${report.modelDigest}</code>.`;
}

function log(report: LineageReport): Markup {
  const { have, needs, members, leaves } = report.log;
  return html`${leaves} leaves, read at size ${report.asOf.size} of the log, whose checkpoint carries <strong>witnesses ${have} of ${members} (needs ${needs})</strong>. Run leaves are numbered without a gap${report.run.endedAt ? `; the run ended ${time(report.run.endedAt)}` : '; the run has not ended yet'}.`;
}

export function plural(count: number, word: string): string {
  return count === 1 ? word : `${word}s`;
}
