import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Route } from '@sumveil/wire';
import type { FastifyRequest } from 'fastify';
import type { Database, Tx } from '../db/client.ts';
import { markingEffects } from '../db/effect.ts';
import type { Deps } from '../deps.ts';
import { CoordinatorError, isCoordinatorError } from '../error.ts';
import type { Caller, Sent } from './mount.ts';

const KEY = /^[\x21-\x7e]{1,100}$/;
/** Status of a row whose request is still running. */
const RUNNING = 0;
/** Status of a row whose request has committed something and not stored its answer. */
const EFFECT = 1;

/**
 * A repeated POST with the same Idempotency-Key gets the first answer; it is not carried out again. The key belongs to person
 * and route; with another body it is refused. Refusals are not kept: a corrected state may allow the same request.
 *
 * What the request commits marks its row in the same transaction. So a process that dies, or a connection that breaks while
 * COMMIT is on its way, leaves either nothing, and the repeat is carried out, or the mark, and the repeat is told to read
 * the present state: one effect at most (fault F8). A repeat that takes over an abandoned row leaves the first one nothing
 * to commit.
 *
 * An answer may be a join string or carry a name, which no table but those of identity may show: it is kept sealed under the
 * caller's own key, of which only a digest is stored.
 */
export function idempotentAnswers({ db, timings, stopping }: Pick<Deps, 'db' | 'timings' | 'stopping'>) {
  /** While the database is away; a repeat should not have to wait until the row counts as abandoned. */
  async function releaseLater(slot: Slot, mine: Buffer): Promise<void> {
    for (let i = 0; i < 60 && !stopping.aborted; i++) {
      await pause(timings.listenAgain, undefined, { ref: false });
      try {
        return await release(db, slot, RUNNING, mine);
      } catch {
        // Still away.
      }
    }
  }

  return async (request: FastifyRequest, route: Route, caller: Caller, run: () => Promise<Sent>): Promise<Sent> => {
    const key = request.headers['idempotency-key'];
    if (route.method !== 'POST' || key === undefined) return run();
    if (typeof key !== 'string' || !KEY.test(key)) {
      throw new CoordinatorError('BAD_REQUEST', 'The Idempotency-Key must be 1 to 100 visible ASCII characters.');
    }
    const slot = slotOf(`${caller.person?.userRef ?? ''} ${route.name}`, key);
    const fingerprint = fingerprintOf(request, slot);
    const mine = Buffer.concat([fingerprint, randomBytes(16)]);
    const first = await claim(db, slot, mine, timings.abandoned);
    if (first !== undefined) return first;
    try {
      const sent = await markingEffects((tx) => mark(tx, slot, mine), run);
      if (isKept(sent)) await keep(db, slot, fingerprint, sent);
      else await release(db, slot, EFFECT, mine);
      return sent;
    } catch (error) {
      // A refusal may have left a record of itself, and that is all; of a broken connection nobody knows what it committed.
      const isRefusal = isCoordinatorError(error) && error.code !== 'DATABASE';
      await release(db, slot, isRefusal ? EFFECT : RUNNING, mine).catch(() => void releaseLater(slot, mine));
      throw error;
    }
  };
}

interface Slot {
  readonly scope: string;
  /** Digest of the caller's key: names the row. */
  readonly key: string;
  readonly seal: Buffer;
}

function slotOf(scope: string, key: string): Slot {
  const derive = (use: string) => Buffer.from(hkdfSync('sha256', key, scope, `sumveil/idempotency/${use}`, 32));
  return { scope, key: derive('row').toString('base64url'), seal: derive('seal') };
}

/** AES-256-GCM: nonce, tag, ciphertext. */
function seal(key: Buffer, text: string): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
}

function unseal(key: Buffer, bytes: Buffer): string {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
}

/** Undefined when the request is ours to carry out; otherwise the first answer. */
async function claim(db: Database, slot: Slot, mine: Buffer, abandonedMs: number): Promise<Sent | undefined> {
  const { scope, key } = slot;
  const claimed = await db.prisma.$executeRaw`
    INSERT INTO idempotent_answer AS a (scope, key, status, body) VALUES (${scope}, ${key}, ${RUNNING}, ${mine})
    ON CONFLICT (scope, key) DO UPDATE SET at = now(), body = excluded.body
    WHERE a.status = ${RUNNING} AND a.at < now() - make_interval(secs => ${abandonedMs / 1_000})`;
  if (claimed === 1) return undefined;
  const row = await db.prisma.idempotentAnswer.findUnique({ where: { scope_key: { scope, key } } });
  if (row === null || row.status === RUNNING) {
    throw new CoordinatorError(
      'CONFLICT',
      'The first request with this Idempotency-Key is still running; ask again for its answer.',
      {
        retryAfterSeconds: 1,
      },
    );
  }
  const stored = Buffer.from(row.body);
  const fingerprint = mine.subarray(0, 32);
  if (!stored.subarray(0, 32).equals(fingerprint)) {
    throw new CoordinatorError('CONFLICT', 'This Idempotency-Key was used for another request; take a new one.');
  }
  if (row.status === EFFECT) {
    throw new CoordinatorError(
      'CONFLICT',
      'The first request with this Idempotency-Key was carried out, but its answer was lost on the way; read the present state.',
    );
  }
  const text = unseal(slot.seal, stored.subarray(32));
  return {
    status: row.status,
    type: text === '' ? undefined : 'application/json',
    headers: { 'idempotent-replay': 'true' },
    body: text === '' ? undefined : text,
  };
}

async function keep(db: Database, slot: Slot, fingerprint: Buffer, sent: Sent): Promise<void> {
  const { scope, key } = slot;
  const body = Buffer.concat([fingerprint, seal(slot.seal, typeof sent.body === 'string' ? sent.body : '')]);
  await db.prisma
    .$executeRaw`UPDATE idempotent_answer SET status = ${sent.status}, body = ${body} WHERE scope = ${scope} AND key = ${key}`;
}

/** @throws CoordinatorError CONFLICT when a repeat has taken the row over, which rolls this request's work back */
async function mark(tx: Tx, { scope, key }: Slot, mine: Buffer): Promise<void> {
  const marked = await tx.$executeRaw`
    UPDATE idempotent_answer SET status = ${EFFECT}
    WHERE scope = ${scope} AND key = ${key} AND status <= ${EFFECT} AND body = ${mine}`;
  if (marked === 0)
    throw new CoordinatorError('CONFLICT', 'A repeat of this request has taken its place; ask again for its answer.');
}

async function release(
  db: Database,
  { scope, key }: Slot,
  upTo: typeof RUNNING | typeof EFFECT,
  mine: Buffer,
): Promise<void> {
  await db.prisma
    .$executeRaw`DELETE FROM idempotent_answer WHERE scope = ${scope} AND key = ${key} AND status <= ${upTo} AND body = ${mine}`;
}

/** Answers of bytes are made again; only JSON and empty ones are kept. */
function isKept(sent: Sent): boolean {
  return sent.body === undefined || typeof sent.body === 'string';
}

function fingerprintOf(request: FastifyRequest, slot: Slot): Buffer {
  const { body } = request;
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body ?? null));
  return createHmac('sha256', slot.seal).update(`${request.method} ${request.url}\n`).update(bytes).digest();
}
