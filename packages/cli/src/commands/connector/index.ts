import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { table } from '../../output.ts';
import type { Run } from '../../program.ts';
import { connectorChecks } from '../doctor/connector-checks.ts';
import { tell } from '../doctor/index.ts';
import { registerConnectorApprovers } from './approvers.ts';
import { askConnector } from './call.ts';
import { type Egress, egressText } from './egress-text.ts';
import { registerConnectorRoster } from './roster.ts';

interface Status {
  state: string;
  tenantRef: string;
  idx: number;
  name: string;
  certificateIssuedAt: string;
  certificateExpiresAt: string;
  roster: { epoch: number; fingerprint: string } | null;
  warnings: string[];
}
interface Metrics {
  testRows: number;
  auc: number | null;
  accuracy: number | null;
}
interface Results {
  tenantRef: string;
  runs: {
    runId: string;
    lone: Metrics | null;
    rounds: { round: number; stage: string; took: boolean; federated: Metrics | null }[];
  }[];
}

export function registerConnector(program: Command, run: Run): void {
  const connector = program.command('connector').description('the own connector on this machine (tenant admin)');
  registerConnectorRoster(connector, run);
  registerConnectorApprovers(connector, run);

  connector
    .command('status')
    .description('state, roster, certificate, warnings')
    .action(() =>
      run(async (cli) => {
        const status = await askConnector<Status>(cli, 'GET', '/v1/status');
        const roster = status.roster
          ? `roster epoch ${status.roster.epoch}:\n${status.roster.fingerprint}`
          : 'no roster pinned';
        const lines = [
          `${status.state}: tenant ${status.tenantRef}, index ${status.idx}`,
          roster,
          `certificate of ${status.certificateIssuedAt}, until ${status.certificateExpiresAt}`,
        ];
        cli.out.print(status, () => [...lines, ...status.warnings.map((warning) => `warning: ${warning}`)].join('\n'));
      }),
    );

  connector
    .command('egress')
    .description('everything that left this site, newest first')
    .option('--limit <n>', 'how many entries', '50')
    .action(({ limit }: { limit: string }) =>
      run(async (cli) => {
        const { entries } = await askConnector<Egress>(cli, 'GET', `/v1/egress?limit=${encodeURIComponent(limit)}`);
        cli.out.print(entries, () => egressText(entries));
      }),
    );

  connector
    .command('results')
    .description('this tenant’s own numbers; they never leave the site')
    .action(() =>
      run(async (cli) => {
        const results = await askConnector<Results>(cli, 'GET', '/v1/results');
        cli.out.print(results, () => results.runs.map(resultsText).join('\n\n') || 'no run yet');
      }),
    );

  connector
    .command('probe <kind>')
    .description('live or ready, for Kubernetes; exit 0 or 1')
    .action((kind: string) =>
      run(async (cli) => {
        const answer = await askConnector<{ ok: boolean }>(
          cli,
          'GET',
          `/v1/probe/${kind === 'live' ? 'live' : 'ready'}`,
        );
        cli.out.print(answer, () => 'ok');
      }),
    );

  connector
    .command('doctor')
    .description('`doctor` for this connector alone: link, clock, certificates, roster, log, disk, policy, table')
    .action(() => run(async (cli) => tell(cli, await connectorChecks(cli))));

  connector
    .command('withdraw <envelope>')
    .description('hand a signed withdrawal straight to the own connector; it obeys from then on')
    .action((file: string) =>
      run(async (cli) => {
        const stored = await askConnector(cli, 'POST', '/v1/withdrawals', JSON.parse(readFileSync(file, 'utf8')));
        cli.out.print(stored, () => 'stored; nothing more is trained or uploaded for that plan');
      }),
    );
}

function resultsText({ runId, lone, rounds }: Results['runs'][number]): string {
  const cell = (value: number | null | undefined) => value?.toFixed(4) ?? 'n/a';
  const rows = rounds.map((one) => [
    one.round,
    one.stage,
    one.took ? 'yes' : 'no',
    cell(one.federated?.auc),
    cell(one.federated?.accuracy),
  ]);
  return `${runId}\nalone: AUC ${cell(lone?.auc)}, accuracy ${cell(lone?.accuracy)}\n${table(['round', 'stage', 'took part', 'AUC', 'accuracy'], rows)}`;
}
