import { type GuardName, guardNames } from '@sumveil/learning';
import { digest, html, type Markup, minute, raw, seconds, table, time } from '@sumveil/pages';
import { digestOf } from '@sumveil/wire';
import type { LineageReport } from '../report.ts';
import { figure } from './answers.ts';
import { metricText, metricTitle, partOf, shownMetrics } from './metric-name.ts';

export function roundsSection({ rounds, producedInRound, plan }: LineageReport): Markup {
  const names = shownMetrics(rounds).slice(0, 4);
  const columns = [
    { title: 'Round', number: true },
    { title: 'Outcome' },
    { title: 'Survivors', number: true },
    { title: 'Dropped' },
    { title: 'Duration (s)', number: true },
    ...names.map((name) => ({ title: metricTitle(name), number: true })),
    { title: 'Version', number: true },
  ];
  const rows = rounds.map((row) => [
    row.attempt > 0 ? `${row.round} (again)` : row.round,
    html`${row.outcome}${row.code ? ` (${row.code})` : ''}${row.belowDefault ? ', small cohort' : ''}${row.round === producedInRound ? ' ◂' : ''}`,
    row.survivors === null ? '–' : `${row.survivors} of ${row.invited}`,
    row.dropped.map((ref) => html`${digest(ref)} `),
    seconds(row.seconds),
    ...names.map((name) => (row.metricsWithheld ? 'withheld' : figure(row.metrics?.[name]))),
    row.version ?? '–',
  ]);
  return html`<h2>Rounds</h2>
<p class="muted">Metrics are those of the model that a round started from, over the sum of its survivors: ${units(names, plan.kind)}.${baseRateText(rounds)} ◂ marks the round that made this version.</p>
${table(columns, rows, 'No round was opened.')}`;
}

function units(names: readonly string[], kind: string): string {
  const metrics = [...new Set(names.map((name) => partOf(name).metric))];
  return metrics
    .map((metric) => metricText(metric, kind))
    .map(({ name, unit }) => `${name} is ${unit}`)
    .join('; ');
}

/** Accuracy alone says little where one class is common. */
function baseRateText(rounds: LineageReport['rounds']): string {
  const rates = rounds.map((row) => row.metrics?.['test.baseRate']).filter((rate) => typeof rate === 'number');
  return rates.length > 0
    ? ` Base rate ${figure(rates.at(-1))}: the accuracy of always guessing the commoner class.`
    : '';
}

const WIDEST = 30;

/** Who stands in which sum: one mark for each tenant and round, or counts when that would not fit a page. */
export function contributorsSection({ answers, rounds, producedInRound }: LineageReport): Markup {
  const released = rounds.filter((row) => row.outcome === 'released' && row.round <= producedInRound);
  const tenants = [...new Set(answers.contributors.map((row) => String(row.tenantRef)))].toSorted();
  const isIn = (ref: string, row: (typeof released)[number]) =>
    answers.contributors.some(
      (c) => c.inSum && c.tenantRef === ref && c.round === row.round && c.attempt === row.attempt,
    );
  if (released.length > WIDEST) {
    const rows = tenants.map((ref) => [digest(ref), released.filter((row) => isIn(ref, row)).length]);
    return html`<h2>Contributors</h2>${table([{ title: 'Tenant' }, { title: `Rounds of ${released.length}`, number: true }], rows, 'No sum was released.')}`;
  }
  const head = html`<tr><th scope="col">Tenant</th>${released.map((row) => html`<th scope="col">${row.round}</th>`)}</tr>`;
  const mark = (yes: boolean) =>
    yes ? raw('<td class="yes">●</td>') : raw('<td class="no" title="dropped out">×</td>');
  const body = tenants.map(
    (ref) => html`<tr><th scope="row">${digest(ref)}</th>${released.map((row) => mark(isIn(ref, row)))}</tr>\n`,
  );
  return html`<h2>Contributors</h2><p class="muted">● in the sum of the round, × dropped out. Tenants appear by ref; each tenant knows its own.</p>
<div class="scroll"><table class="grid"><thead>${head}</thead><tbody>${body}</tbody></table></div>`;
}

export function approvalsSection({ answers }: LineageReport): Markup {
  const columns = [
    { title: 'Ticket', line: true },
    { title: 'Decision' },
    { title: 'Role', line: true },
    { title: 'Approver' },
    { title: 'Tenant' },
    { title: 'Logged (UTC)', line: true },
    { title: 'Expires (UTC)', line: true },
  ];
  const rows = answers.approvals.map((row) => {
    const ticket = row.ticket as { system: string; id: string };
    const said = String(row.decision);
    return [
      `${ticket.system} ${ticket.id}`,
      html`<span class="${said === 'granted' ? 'allow' : 'deny'}">${said}</span>`,
      String(row.role).replace('-', ' '),
      digest(String(row.approverRef)),
      digest(String(row.tenantRef)),
      minute(String(row.at)),
      minute(String(row.expiresAt)),
    ];
  });
  return html`<h2>Approvals</h2>${table(columns, rows, 'Nobody has said anything about this plan.')}`;
}

export function decisionsSection({ decisions }: LineageReport): Markup {
  const columns = [
    { title: 'Round', number: true },
    { title: 'Action' },
    { title: 'Effect' },
    { title: 'Reasons' },
    { title: 'Policy bundle' },
    { title: 'Decided (UTC)', line: true },
    { title: 'Leaf', number: true },
  ];
  const rows = decisions.map((row) => [
    row.round ?? '–',
    row.action,
    html`<span class="${row.effect}">${row.effect}</span>`,
    row.reasons.join(', '),
    digest(row.bundle),
    minute(row.at),
    row.leaf,
  ]);
  return html`<h2>Policy decisions</h2>${table(columns, rows, 'No decision is logged.')}`;
}

export function exceptionsSection({ answers }: LineageReport): Markup {
  const refusals = answers.refusals.map((row) => [
    String(row.by),
    String(row.code),
    row.tenantRef ? digest(String(row.tenantRef)) : String(row.kind ?? ''),
    minute(String(row.at)),
    row.leaf,
  ]);
  const acts = answers.interventions.map((row) => [
    String(row.what),
    typeof row.by === 'string' && row.by.length === 16 ? digest(row.by) : String(row.by ?? '–'),
    String(row.reason ?? '–'),
    row.ticket ? Object.values(row.ticket).join(' ') : '–',
    minute(String(row.at)),
    row.leaf,
  ]);
  return html`<h2>Refusals and interventions</h2>
${table([{ title: 'By' }, { title: 'Code' }, { title: 'Who or what' }, { title: 'At (UTC)', line: true }, { title: 'Leaf', number: true }], refusals, 'Nobody refused anything.')}
${table([{ title: 'What' }, { title: 'By' }, { title: 'Why' }, { title: 'Ticket' }, { title: 'At (UTC)', line: true }, { title: 'Leaf', number: true }], acts, 'Nobody intervened.')}`;
}

export function privacySection({ answers, privacy }: LineageReport): Markup {
  const micro = (value: unknown) => figure(Number(value) / 1e6);
  const rows = answers.privacy.map((row) => [
    String(row.scope),
    String(row.ledgerRef),
    micro(row.epsilonMicro),
    micro(row.totalMicro),
    micro(row.capMicro),
    row.leaf,
  ]);
  const columns = [
    { title: 'Ledger' },
    { title: 'Of' },
    { title: 'ε charged', number: true },
    { title: 'Total', number: true },
    { title: 'Cap', number: true },
    { title: 'Leaf', number: true },
  ];
  const costs = answers.privacy.some((row) => Number(row.epsilonMicro) > 0);
  return html`<h2>Privacy</h2>
<p>Secure aggregation: the coordinator sees only the sum over the survivors of a round. It learns no update, loss or row count of one tenant, as long as no more tenants collude with it than the round plan tolerates.</p>
<p>${privacy.mechanism === 'none' ? html`This plan adds no noise, so the released sums and the model carry no differential-privacy guarantee. ` : ''}${answers.privacy.length} ${answers.privacy.length === 1 ? 'charge is' : 'charges are'} in the ledger, each logged before its release.</p>
${costs ? table(columns, rows, '') : ''}`;
}

export function planSection({ plan, run, grants }: LineageReport): Markup {
  const stages = plan.stages.map((stage) => [stage.name, stage.rounds, stage.parameters, stage.sums.join(', ') || '–']);
  const issued = grants.map((grant) => [
    digest(grant.grantId),
    grant.cohort,
    minute(grant.at),
    minute(grant.expiresAt),
  ]);
  return html`<h2>Plan and run</h2>
<p>Plan <strong>${plan.name}</strong>, <code class="whole">${plan.digest}</code>. Run ${digest(run.id)} is ${run.state}${run.reason ? ` (${run.reason})` : ''}; it was asked for ${time(run.startedAt)}${run.schedule ? html` by ${digest(run.schedule.id)} for its moment ${time(run.schedule.moment)}` : ''} and ended ${time(run.endedAt)}.</p>
<p>Cohort of at least ${plan.minCohort} of ${plan.eligible} eligible tenants; at least ${plan.needApprovers} approvers. Updates are clipped to L2 norm ${plan.aggregation.clip}, scaled by 2^${plan.aggregation.scaleLog2} and summed modulo 2^${plan.aggregation.bits}.</p>
<p>${guardsText(plan.guards)}</p>
${table([{ title: 'Stage' }, { title: 'Rounds', number: true }, { title: 'Parameters', number: true }, { title: 'Sums beside the model' }], stages, '')}
${table([{ title: 'Grant' }, { title: 'Cohort', number: true }, { title: 'Logged (UTC)', line: true }, { title: 'Expires (UTC)', line: true }], issued, 'No grant was issued.')}`;
}

const guardTexts: Record<GuardName, (threshold: Record<string, number>) => string> = {
  divergence: ({ rise, rounds }) =>
    `the train loss is above its lowest by more than ${rise} times the first one, ${rounds} scored rounds in a row`,
  participation: ({ least, rounds }) => `fewer than ${least} of the cohort take part, ${rounds} rounds in a row`,
  norm: ({ factor }) => `the norm of the mean update is above ${factor} times that of the rounds before`,
};

function guardsText(guards: LineageReport['plan']['guards']): string {
  const on = guardNames.flatMap((name) => (guards[name] ? [guardTexts[name](guards[name])] : []));
  const off = guardNames.filter((name) => !guards[name]);
  const first = on.length > 0 ? `The run pauses by itself when ${on.join('; or when ')}.` : '';
  return `${first}${off.length > 0 ? ` The plan switches off the guard of ${off.join(', ')}.` : ''}`.trim();
}

/** A connector without a policy file declares the digest of nothing. */
const noPolicy = digestOf(new Uint8Array());

export function trustSection({ roster, log, asOf, localPolicies }: LineageReport): Markup {
  const rosters = roster.map((row) => [
    row.epoch,
    row.members,
    html`<code class="whole">${row.hash}</code>`,
    minute(row.effectiveAt),
  ]);
  const newest = new Map(localPolicies.map((row) => [row.tenantRef, row]));
  const policies = [...newest.values()].map((row) => [
    digest(row.tenantRef),
    row.digest === noPolicy ? 'none: the default floors' : digest(row.digest),
    minute(row.at),
  ]);
  return html`<h2>Rosters, log and local policies</h2>
${table([{ title: 'Epoch', number: true }, { title: 'Members', number: true }, { title: 'Roster hash' }, { title: 'In force since (UTC)', line: true }], rosters, 'No roster is logged.')}
<p>Log <code>${log.origin}</code>, checkpoint of size ${asOf.size}, root <code class="whole">${asOf.root}</code>, witnesses ${log.have} of ${log.members} (needs ${log.needs}).</p>
${table([{ title: 'Tenant' }, { title: 'Local policy' }, { title: 'Declared (UTC)', line: true }], policies, 'No local policy is declared.')}`;
}
