import { readFileSync, writeFileSync } from 'node:fs';
import { parseRoster, rosterFingerprint, rosterHash } from '@sumveil/wire';
import type { Command } from 'commander';
import { table } from '../../output.ts';
import type { Run } from '../../program.ts';

export function registerRoster(program: Command, run: Run): void {
  const roster = program.command('roster').description('the one root of trust: members and keys');

  roster
    .command('draft')
    .description('draft the next epoch from the keys that are enrolled (platform operator)')
    .option('--out <file>', 'where the body goes', 'roster.json')
    .option('--min-cohort <n>', 'fewest tenants of a round', '5')
    .action(({ out, minCohort }: { out: string; minCohort: string }) =>
      run(async (cli) => {
        const body = await cli
          .management()
          .call('draftRoster', { body: { minCohort: Number(minCohort), suites: [2] } });
        writeFileSync(out, body);
        const { epoch, members } = parseRoster(body);
        const fingerprint = rosterFingerprint(rosterHash(body));
        cli.out.print(
          { file: out, epoch, members: members.length, fingerprint },
          () => `${out}: epoch ${epoch}, ${members.length} members\n${fingerprint}`,
        );
      }),
    );

  roster
    .command('publish <file>')
    .description('log a roster body and offer it to the connectors (platform operator)')
    .action((file: string) =>
      run(async (cli) => {
        const published = await cli.management().call('publishRoster', { body: readFileSync(file) });
        cli.out.print(
          published,
          () => `epoch ${published.epoch} published; every tenant’s admin compares and pins\n${published.fingerprint}`,
        );
      }),
    );

  roster
    .command('status')
    .description('newest roster and who has pinned it')
    .action(() =>
      run(async (cli) => {
        const status = await cli.management().call('rosterStatus', {});
        const rows = status.members.map((member) => [member.idx, member.tenantRef, member.pinned ? 'yes' : 'no']);
        const head = `epoch ${status.epoch}, ${status.effective ? 'in force' : 'not in force yet'}, witness quorum ${status.witnessQuorum} of ${status.members.length}`;
        cli.out.print(status, () => `${head}\n${status.fingerprint}\n${table(['idx', 'tenant', 'pinned'], rows)}`);
      }),
    );
}
