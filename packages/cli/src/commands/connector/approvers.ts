import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { table } from '../../output.ts';
import type { Run } from '../../program.ts';
import { askConnector } from './call.ts';

export function registerConnectorApprovers(connector: Command, run: Run): void {
  const approvers = connector.command('approvers').description('who may approve for this tenant');

  approvers
    .command('set <file>')
    .description('sign a new list with the roster key: JSON array of {approverRef, roles, key}')
    .action((file: string) =>
      run(async (cli) => {
        const list = JSON.parse(readFileSync(file, 'utf8')) as unknown;
        const answer = await askConnector<{ version: number }>(cli, 'POST', '/v1/approvers', { approvers: list });
        cli.out.print(answer, () => `approver list version ${answer.version} signed and declared`);
      }),
    );

  approvers
    .command('list')
    .description('the list in force')
    .action(() =>
      run(async (cli) => {
        const answer = await askConnector<{
          version: number;
          approvers: { approverRef: string; roles: string[]; key: string }[];
        }>(cli, 'GET', '/v1/approvers');
        const rows = answer.approvers.map((one) => [one.approverRef, one.roles.join(', '), one.key]);
        cli.out.print(answer, () => `version ${answer.version}\n${table(['approver', 'roles', 'public key'], rows)}`);
      }),
    );
}
