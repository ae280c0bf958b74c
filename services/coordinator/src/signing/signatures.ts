import type { Database, Tx } from '../db/client.ts';
import { channels, type Notifications } from '../db/notify.ts';
import type { LeafLog, Signatures, SignKind } from '../deps.ts';
import { CoordinatorError } from '../error.ts';
import type { Timings } from '../timings.ts';
import { recordRefusal } from './refusal.ts';

/**
 * The asking side: a row in the transaction that wants the signature, and the answer read from the row that only the
 * signer may write. There is no network service to call.
 */
export function createSignatures(o: {
  db: Database;
  notify: Notifications;
  log: LeafLog;
  /** Nobody waits longer than `signature` (governance.md section 1); the row stays and is answered later. */
  timings: Timings;
}): Signatures {
  return {
    requestSignature: (tx, kind, subject, body) => request(o, tx, kind, subject, body),
    findSignature,
    async awaitSignature(kind, subject, { signal, timeoutMs = o.timings.signature } = {}) {
      const waiting = {
        timeoutMs,
        matches: (payload: string) => payload === `${kind} ${subject}`,
        ...(signal ? { signal } : {}),
      };
      const answer = await o.notify.wait(channels.signed, () => findSignature(o.db.prisma, kind, subject), waiting);
      if (!answer) {
        const text =
          'The signer has not answered yet; the request stays and is answered when it is back. Ask again shortly.';
        throw new CoordinatorError('UNAVAILABLE', text, { retryAfterSeconds: 1 });
      }
      if ('error' in answer) throw refusedBySigner(kind, answer.error);
      return answer.result;
    },
  };
}

async function request(
  o: { db: Database; log: LeafLog },
  tx: Tx,
  kind: SignKind,
  subject: string,
  body: Uint8Array,
): Promise<void> {
  const bytes = Uint8Array.from(body);
  const [row] = await tx.$queryRaw<{ inserted: number }[]>`
    WITH asked AS (
      INSERT INTO sign_request (kind, subject, body) VALUES (${kind}, ${subject}, ${bytes})
      ON CONFLICT (kind, subject) DO NOTHING RETURNING 1
    ), woken AS (SELECT pg_notify(${channels.sign}, '') FROM asked)
    SELECT ((SELECT count(*) FROM asked) + 0 * (SELECT count(*) FROM woken))::int AS inserted`;
  if (row?.inserted === 1) return;
  const known = await tx.signRequest.findUnique({ where: { kind_subject: { kind, subject } }, select: { body: true } });
  if (known && Buffer.from(known.body).equals(bytes)) return;
  // In a transaction of its own: the caller's is about to be rolled back, and the attempt must show.
  await o.db.transaction((own) => recordRefusal(own, o.log, { kind, subject, code: 'BODY_DIFFERS' }));
  throw refusedBySigner(kind, 'BODY_DIFFERS');
}

async function findSignature(
  tx: Tx,
  kind: SignKind,
  subject: string,
): Promise<{ result: Buffer } | { error: string } | undefined> {
  const row = await tx.signRequest.findUnique({
    where: { kind_subject: { kind, subject } },
    select: { signature: { select: { result: true, error: true } } },
  });
  if (!row?.signature) return undefined;
  if (row.signature.result) return { result: Buffer.from(row.signature.result) };
  return { error: row.signature.error ?? 'REFUSED' };
}

function refusedBySigner(kind: SignKind, code: string): CoordinatorError {
  return new CoordinatorError(
    'CONFLICT',
    `The signer refused the ${kind} (${code}): what it was asked to sign does not follow from what people approved and tenants signed. The refusal is in the log.`,
    { reasons: [code] },
  );
}
