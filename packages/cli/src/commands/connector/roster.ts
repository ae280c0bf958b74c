import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { CliError } from '../../error.ts';
import { exitCode } from '../../exit-code.ts';
import { table } from '../../output.ts';
import type { Run } from '../../program.ts';
import { askConnector, askConnectorForBytes } from './call.ts';

interface RosterShown {
  epoch: number;
  rosterHash: string;
  fingerprint: string;
  members: { idx: number; tenantRef: string; own: boolean }[];
  ownRow: string;
  minCohort: number;
  witnessQuorum: number;
  faults: string[];
}

export function registerConnectorRoster(connector: Command, run: Run): void {
  const roster = connector.command('roster').description('the roster that this connector trusts');

  roster
    .command('show')
    .description('pinned and offered roster; compare the 16 groups over another channel before pinning')
    .option('--trust <file>', 'write the trust file for `sumveil audit verify` instead')
    .action(({ trust }: { trust?: string }) =>
      run(async (cli) => {
        if (trust) {
          const bytes = await askConnectorForBytes(cli, '/v1/roster/trust');
          writeFileSync(trust, bytes);
          cli.out.print(
            { file: trust, trust: JSON.parse(bytes.toString('utf8')) },
            () => `${trust} anchors bundles to the pinned roster`,
          );
          return;
        }
        const answer = await askConnector<{ pinned: RosterShown | null; offered: RosterShown | null }>(
          cli,
          'GET',
          '/v1/roster',
        );
        cli.out.print(answer, () => [shown('pinned', answer.pinned), shown('offered', answer.offered)].join('\n\n'));
      }),
    );

  roster
    .command('pin <hash...>')
    // A hash in base64url may begin with a dash.
    .allowUnknownOption()
    .description('trust the offered roster of epoch 1; give the hash that you compared')
    .action((hash: string[]) =>
      run(async (cli) => {
        const answer = await askConnector<{ pinned: RosterShown }>(cli, 'POST', '/v1/roster/pin', {
          rosterHash: rosterHashOf(hash),
        });
        cli.out.print(answer, () => `pinned epoch ${answer.pinned.epoch}: ${answer.pinned.fingerprint}`);
      }),
    );

  roster
    .command('approve <hash...>')
    .allowUnknownOption()
    .description('approve a later epoch; it is pinned when the old epoch’s quorum has approved it')
    .action((hash: string[]) =>
      run(async (cli) => {
        const answer = await askConnector<{ pinned: boolean }>(cli, 'POST', '/v1/roster/approve', {
          rosterHash: rosterHashOf(hash),
        });
        cli.out.print(answer, () => (answer.pinned ? 'approved and pinned' : 'approved; waits for the other members'));
      }),
    );
}

function shown(title: string, roster: RosterShown | null): string {
  if (!roster) return `${title}: none`;
  const rows = roster.members.map((member) => [member.idx, member.tenantRef, member.own ? 'this tenant' : '']);
  const facts = `epoch ${roster.epoch}, own row ${roster.ownRow}, smallest cohort ${roster.minCohort}, witness quorum ${roster.witnessQuorum}`;
  return [
    `${title}: ${facts}`,
    roster.fingerprint,
    table(['idx', 'tenant', ''], rows),
    ...roster.faults.map((fault) => `fault: ${fault}`),
  ].join('\n');
}

/** 64 hex digits, in groups or not, or 43 characters of base64url, which may begin with a dash. */
function rosterHashOf(words: readonly string[]): string {
  const hash = words.join('');
  if (/^([0-9a-fA-F]{64}|[A-Za-z0-9_-]{43})$/.test(hash)) return hash;
  const next = 'Give the 16 groups that `sumveil connector roster show` prints, as you compared them.';
  throw new CliError(exitCode.usage, 'USAGE', `${words.join(' ')} is no roster hash.`, next);
}
