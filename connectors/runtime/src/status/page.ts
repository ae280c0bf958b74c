import type { Status } from '../control/answers.ts';
import type { EgressRow } from '../state/egress.ts';
import type { RunResults } from '../state/results.ts';

export interface PageInput {
  readonly status: Status;
  readonly egress: readonly EgressRow[];
  readonly results: readonly RunResults[];
}

/** The tenant's own page. Everything from outside is escaped; nothing on it can be pressed. */
export function statusPage({ status, egress, results }: PageInput): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="5"><title>Sumveil connector ${escaped(status.tenantRef)}</title><style>${STYLE}</style>
<main><h1>Sumveil connector <small>${escaped(status.tenantRef)}</small></h1>
${summary(status)}${notes(status)}${runs(status)}${own(results)}${left(egress)}</main></html>`;
}

function summary({ state, roster, offered, coordinator, witness, policy, ...certificate }: Status): string {
  const rows: [string, string][] = [
    ['State', STATES[state] ?? state],
    ['Coordinator', coordinator.reachable ? 'connected' : 'not reached in the last minute'],
    ['Roster', roster ? `epoch ${roster.epoch}, ${roster.members} tenants` : 'none pinned'],
    ...(roster ? [['Roster hash', roster.fingerprint] as [string, string]] : []),
    ...(offered ? [[`Offered epoch ${offered.epoch}`, offered.fingerprint] as [string, string]] : []),
    ['Witness', witness ? `log cosigned up to size ${witness.size}` : 'nothing cosigned yet'],
    ['Local policy', `at least ${policy.minCohort} tenants, at least ${policy.minHonest} honest inputs in a sum`],
    ['Certificate made', certificate.certificateIssuedAt],
    ['Certificate ends', certificate.certificateExpiresAt],
  ];
  return `<table>${rows.map(([name, value]) => `<tr><th>${escaped(name)}<td>${escaped(value)}`).join('')}</table>`;
}

const STATES: Record<string, string> = {
  ready: 'ready',
  'waiting-roster': 'enrolled; waits for the administrator to compare and pin the roster',
  stopped: 'stopping',
};

function notes({ warnings }: Status): string {
  const own = warnings.map((text) => `<li>${escaped(text)}`).join('');
  return `${own && `<h2>Needs attention</h2><ul>${own}</ul>`}<h2>What small numbers mean</h2><p>The coordinator learns sums
only. A sum over few tenants says more about each: with two, each can compute the other’s update. Where a plan uses exact
row counts as weights, or counts without noise, two sums whose tenants differ by one give that tenant’s count.</p>`;
}

function runs({ runs: lines }: Status): string {
  if (lines.length === 0) return '';
  const rows = lines.map(
    (run) => `<tr><td>${escaped(run.runId)}<td>${run.round}<td>${escaped(run.phase)}<td>${escaped(run.code ?? '')}`,
  );
  return `<h2>Runs</h2><table><tr><th>Run<th>Round<th>Phase<th>Code${rows.join('')}</table>`;
}

function own(results: readonly RunResults[]): string {
  return results
    .map(({ runId, lone, rounds }) => {
      const rows = rounds.map(
        ({ round, stage, survivors, took, federated }) =>
          `<tr><td>${round}<td>${escaped(stage)}<td>${survivors}<td>${took ? 'yes' : 'no'}<td>${figure(federated?.auc)}<td>${figure(federated?.accuracy)}<td>${figure(federated?.loss)}`,
      );
      const alone = `<tr><td colspan="4">trained alone<td>${figure(lone?.auc)}<td>${figure(lone?.accuracy)}<td>${figure(lone?.loss)}`;
      return `<h2>Own results, run ${escaped(runId)}</h2><p>Scored here on own rows. Nobody else sees these.</p>
<table><tr><th>Round<th>Stage<th>Tenants in the sum<th>Own update in it<th>AUC<th>Accuracy<th>Loss${rows.join('')}${alone}</table>`;
    })
    .join('');
}

function left(entries: readonly EgressRow[]): string {
  const rows = entries.map(
    ({ at, what, bytes, digest, runId, round }) =>
      `<tr><td>${escaped(at)}<td>${escaped(what)}<td>${bytes}<td>${escaped(runId ?? '')}<td>${round ?? ''}<td><code>${escaped(digest.slice(7, 23))}</code>`,
  );
  return `<h2>What left this site</h2><p>Newest first; written down before it was sent. Updates leave masked only.</p>
<table><tr><th>Time<th>What<th>Bytes<th>Run<th>Round<th>Digest${rows.join('')}</table>`;
}

function figure(value: number | null | undefined): string {
  return value === null || value === undefined ? 'n/a' : value.toFixed(4);
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;margin:2rem;color:#1c2530}main{max-width:64rem;margin:auto}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25rem .6rem;border-bottom:1px solid #d8dee6}
h1 small{color:#5b6876;font-weight:normal}h2{margin-top:2rem}`;
