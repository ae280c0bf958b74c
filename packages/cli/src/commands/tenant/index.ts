import type { Command } from 'commander';
import { requireForm } from '../../form.ts';
import { table } from '../../output.ts';
import type { Run } from '../../program.ts';

export function registerTenant(program: Command, run: Run): void {
  const tenant = program.command('tenant').description('organisations that take part');

  tenant
    .command('create <name>')
    .description('create a tenant (platform operator)')
    .requiredOption('--region <region>', 'where its data lies, as plans name regions')
    .action((name: string, { region }: { region: string }) =>
      run(async (cli) => {
        const made = await cli.management().call('createTenant', { body: { name, region } });
        cli.out.print(
          made,
          () => `tenant ${made.tenantRef} (${made.name}, region ${made.region}) has roster index ${made.idx}`,
        );
      }),
    );

  tenant
    .command('list')
    .description('tenants with roster index and connector state')
    .action(() =>
      run(async (cli) => {
        const { tenants } = await cli.management().call('listTenants', {});
        const rows = tenants.map((one) => [one.idx, one.tenantRef, one.name, one.region, one.status, one.connector]);
        cli.out.print(tenants, () => table(['idx', 'tenant', 'name', 'region', 'status', 'connector'], rows));
      }),
    );

  tenant
    .command('invite <tenant>')
    .description('open an invitation for a tenant’s connector: first ticket (platform operator)')
    .requiredOption('--ticket <id>', 'ticket of the platform’s change system')
    .action((tenantRef: string, { ticket }: { ticket: string }) =>
      run(async (cli) => {
        requireForm('tenant', tenantRef);
        requireForm('ticket', ticket);
        const invitation = await cli.management().call('inviteTenant', { params: { tenantRef }, body: { ticket } });
        cli.out.print(
          invitation,
          () => `invitation ${invitation.invitationId}: the tenant’s admin confirms it with \`sumveil tenant confirm\``,
        );
      }),
    );

  tenant
    .command('confirm <invitation>')
    .description('confirm the own tenant’s invitation: second ticket; shows the join string once (tenant admin)')
    .requiredOption('--ticket <id>', 'ticket of the tenant’s change system')
    .action((invitationId: string, { ticket }: { ticket: string }) =>
      run(async (cli) => {
        requireForm('invitation', invitationId);
        requireForm('ticket', ticket);
        const join = await cli.management().call('confirmInvitation', { params: { invitationId }, body: { ticket } });
        cli.out.print(
          join,
          () => `${join.joinString}\nvalid until ${join.expiresAt}, once; put it into a private file for the connector`,
        );
      }),
    );

  tenant
    .command('revoke <tenant>')
    .description('revoke every certificate of a tenant’s connector')
    .requiredOption('--ticket <id>', 'ticket that orders it')
    .option('--reason <code>', 'reason code, lower case with dashes', 'key-compromise')
    .action((tenantRef: string, body: { ticket: string; reason: string }) =>
      run(async (cli) => {
        requireForm('tenant', tenantRef);
        requireForm('ticket', body.ticket);
        await cli.management().call('revokeConnector', {
          params: { tenantRef },
          body: { ticket: body.ticket, reason: body.reason },
        });
        cli.out.print(
          { tenantRef, revoked: true },
          () => `the connector of ${tenantRef} is refused from now on, open connections included`,
        );
      }),
    );
}
