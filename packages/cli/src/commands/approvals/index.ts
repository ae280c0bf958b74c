import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type Approval, buildApproval } from '@sumveil/approvals';
import { generateEd25519, newRef, rawEd25519, readKeyFile, writeKeyFile } from '@sumveil/identity';
import { digestOf, dsseBytes, toBase64url } from '@sumveil/wire';
import { type Command, Option } from 'commander';
import { CliError } from '../../error.ts';
import { exitCode } from '../../exit-code.ts';
import { requireForm } from '../../form.ts';
import { table } from '../../output.ts';
import type { Run } from '../../program.ts';

interface SignOptions {
  key: string;
  approver: string;
  tenant: string;
  role: Approval['role'];
  ticket: string;
  decision: Approval['decision'];
  reason?: string;
  days: string;
  out?: string;
}

export function registerApprovals(program: Command, run: Run): void {
  const approvals = program.command('approvals').description('approvals, bound to the bytes of a plan');

  approvals
    .command('keygen <file>')
    .description('make an approver key; its public half goes on the tenant’s approver list')
    .action((file: string) =>
      run(async (cli) => {
        if (existsSync(file))
          throw new CliError(
            exitCode.usage,
            'KEY_EXISTS',
            `${file} exists already.`,
            'Choose another file; keys are never overwritten.',
          );
        const key = generateEd25519();
        writeKeyFile(file, key, 0o600);
        const publicKey = toBase64url(rawEd25519(key));
        cli.out.print({ file, publicKey }, () => `${file} (mode 0600)\npublic key ${publicKey}`);
      }),
    );

  approvals
    .command('sign <plan>')
    .description('sign a decision on a plan with the own key and hand it in (data steward, privacy officer)')
    .requiredOption('--key <file>', 'own approver key')
    .requiredOption('--approver <ref>', 'own approver ref, as on the list')
    .requiredOption('--tenant <ref>', 'own tenant')
    .addOption(
      new Option('--role <role>', 'role in which you decide')
        .choices(['data-steward', 'privacy-officer'])
        .makeOptionMandatory(),
    )
    .requiredOption('--ticket <system:id>', 'ticket of the tenant’s own system, for example jira:CHG-101')
    .addOption(
      new Option('--decision <decision>', 'what you decide')
        .choices(['granted', 'refused', 'withdrawn'])
        .default('granted'),
    )
    .option('--reason <code>', 'reason code of a refusal or withdrawal')
    .option('--out <file>', 'also keep the signed envelope, for `sumveil connector withdraw`')
    .option('--days <n>', 'how long a grant counts, at most 30 days', '7')
    .action((plan: string, options: SignOptions) =>
      run(async (cli) => {
        requireForm('approver', options.approver);
        requireForm('tenant', options.tenant);
        if (plan.startsWith('sha256:')) requireForm('digest', plan);
        const digest = plan.startsWith('sha256:') ? plan : digestOf(readFileSync(plan));
        const envelope = buildApproval(approvalOf(options, digest), readKeyFile(options.key, 'ed25519'));
        if (options.out) writeFileSync(options.out, dsseBytes(envelope), { mode: 0o600 });
        const accepted = await cli.management().call('submitApproval', { body: dsseBytes(envelope) });
        cli.out.print(
          { ...accepted, planDigest: digest, ticket: options.ticket },
          () => `${options.decision} as ${options.role} under ${options.ticket}\n${digest}`,
        );
      }),
    );

  approvals
    .command('list <digest>')
    .description('approvals of a plan, and which tenants they bring in')
    .action((planDigest: string) =>
      run(async (cli) => {
        requireForm('digest', planDigest);
        const answer = await cli.management().call('planApprovals', { params: { planDigest } });
        const rows = answer.approvals.map((one) => [
          `${one.ticket.system}:${one.ticket.id}`,
          one.tenantRef,
          one.role,
          one.decision,
          one.expiresAt,
        ]);
        const tenants = answer.tenants.map((one) => [one.tenantRef, one.in ? 'in' : 'out', one.reasons.join(', ')]);
        cli.out.print(
          answer,
          () =>
            `${table(['ticket', 'tenant', 'role', 'decision', 'expires'], rows)}\n\n${table(['tenant', 'cohort', 'why'], tenants)}`,
        );
      }),
    );
}

function approvalOf(o: SignOptions, digest: string): Omit<Approval, 'v'> {
  const [system, id] = o.ticket.split(':');
  if (!system || !id)
    throw new CliError(
      exitCode.usage,
      'TICKET',
      `The ticket ${o.ticket} does not name system and id.`,
      'Write it as system:id, for example jira:CHG-101.',
    );
  const days = Number(o.days);
  if (!(days > 0 && days <= 30)) {
    throw new CliError(exitCode.usage, 'DAYS', `--days ${o.days} is no number of days.`, 'Give 1 to 30.');
  }
  const now = Date.now();
  return {
    approvalId: `appr-${newRef()}`,
    ticket: { system, id },
    decision: o.decision,
    ...(o.reason ? { reasonCode: o.reason } : {}),
    role: o.role,
    approverRef: o.approver,
    tenantRef: o.tenant,
    subject: { kind: 'plan', digest },
    issuedAt: new Date(now).toISOString(),
    expiresAt: new Date(now + days * 86_400_000).toISOString(),
    nonce: toBase64url(randomBytes(16)),
  };
}
