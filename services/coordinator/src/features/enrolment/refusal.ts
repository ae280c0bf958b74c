import { IdentityError } from '@sumveil/identity';
import { hashOfDigest } from '@sumveil/wire';
import type { Deps } from '../../deps.ts';
import { CoordinatorError } from '../../error.ts';

/** One text for every refusal; the reason is for the log leaf alone (governance section 1, rule 4). */
const text =
  'Enrolment refused: the join string, or the certificate to replace, is unknown, used already or too old, or the request does not fit it.';

/** What the refused request was about: written digest of its token, or the serial that it wanted to replace. */
export interface About {
  readonly tokenHash?: string;
  readonly serial?: string;
}

/** A reason in the words of the signer's checks; {@link refused} keeps it from the caller. */
export function refusal(reason: string): CoordinatorError {
  return new CoordinatorError('ENROLMENT_REFUSED', text, { reasons: [reason] });
}

/** The error that leaves: a refusal goes into the log with its reason and out without it, a passing fault as it is. */
export async function refused(deps: Deps, error: unknown, about: About): Promise<unknown> {
  const code = reasonOf(error);
  if (code === undefined) return error;
  await deps.db.transaction(async (tx) => {
    const hash = about.tokenHash && Uint8Array.from(hashOfDigest(about.tokenHash));
    const token = hash ? await tx.joinToken.findUnique({ where: { hash } }) : undefined;
    const { serial } = about;
    const known = serial
      ? await tx.certificate.findUnique({ where: { serial }, include: { connector: true } })
      : undefined;
    const tenantRef = token?.tenantRef ?? known?.connector.tenantRef;
    await deps.log.appendLeaf(tx, {
      type: 'connector.enrol_refused',
      actor: { kind: 'service', ref: 'coordinator', via: 'enrolment' },
      code,
      ...about,
      ...(tenantRef ? { tenantRef } : {}),
    });
  });
  deps.logger.event('message.refused', { kind: 'enrolment', code });
  return new CoordinatorError('ENROLMENT_REFUSED', text);
}

function reasonOf(error: unknown): string | undefined {
  if (error instanceof IdentityError) return error.code;
  if (!(error instanceof CoordinatorError) || error.code === 'UNAVAILABLE') return undefined;
  return error.reasons?.[0] ?? error.code;
}
