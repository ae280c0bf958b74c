import { digest, ref, ticketId, uuid } from '@sumveil/wire';
import { z } from 'zod';
import { CliError } from './error.ts';
import { exitCode } from './exit-code.ts';

/** What can have one form only, how to say that, and where to find one. */
const forms = {
  digest: [digest, 'a digest: sha256: and 64 hex digits', '`sumveil plan list` shows the plans’ digests.'],
  run: [
    z.string().regex(/^run-[a-z2-7]{16}$/),
    'the id of a run: run- and 16 of a-z 2-7',
    '`sumveil run list` shows them.',
  ],
  schedule: [
    z.string().regex(/^schedule-[a-z2-7]{16}$/),
    'the id of a schedule: schedule- and 16 of a-z 2-7',
    '`sumveil schedule list` shows them.',
  ],
  tenant: [ref, 'a tenant’s ref: 16 of a-z 2-7', '`sumveil tenant list` shows them to operators and admins.'],
  approver: [
    ref,
    'an approver’s ref: 16 of a-z 2-7',
    'It stands on the tenant’s list: `sumveil connector approvers list`.',
  ],
  invitation: [uuid, 'the id of an invitation', 'The platform operator has it from `sumveil tenant invite`.'],
  ticket: [ticketId, 'a ticket id: 1 to 64 of A-Z a-z 0-9 . _ -', 'Give the id as your change system shows it.'],
} as const satisfies Record<string, readonly [z.ZodType, string, string]>;

/**
 * Checked before a profile is read or anything is sent: a typing error is the command line’s fault, not the coordinator’s.
 *
 * @throws CliError with exit code 64
 */
export function requireForm(kind: keyof typeof forms, value: string): void {
  const [form, what, next] = forms[kind];
  if (form.safeParse(value).success) return;
  throw new CliError(exitCode.usage, 'USAGE', `${value} is not ${what}.`, next);
}
