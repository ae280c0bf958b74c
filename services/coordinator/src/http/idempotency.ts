import { createHash } from 'node:crypto';
import type { Route } from '@sumveil/wire';
import type { FastifyRequest } from 'fastify';
import type { Database } from '../db/client.ts';
import { CoordinatorError } from '../error.ts';
import type { Caller, Sent } from './mount.ts';

const KEY = /^[\x21-\x7e]{1,100}$/;
/** Status of a row whose request is still running. */
const RUNNING = 0;
/** Longer than any handler may run. */
const ABANDONED_S = 120;

/**
 * A repeated POST with the same Idempotency-Key gets the first answer; it is not carried out again. The key belongs to person
 * and route; with another body it is refused. Refusals are not kept: a corrected state may allow the same request.
 */
export function idempotentAnswers(db: Database) {
  return async (request: FastifyRequest, route: Route, caller: Caller, run: () => Promise<Sent>): Promise<Sent> => {
    const key = request.headers['idempotency-key'];
    if (route.method !== 'POST' || key === undefined) return run();
    if (typeof key !== 'string' || !KEY.test(key)) {
      throw new CoordinatorError('BAD_REQUEST', 'The Idempotency-Key must be 1 to 100 visible ASCII characters.');
    }
    const scope = `${caller.person?.userRef ?? ''} ${route.name}`;
    const fingerprint = fingerprintOf(request);
    const first = await claim(db, scope, key, fingerprint);
    if (first !== undefined) return first;
    try {
      const sent = await run();
      if (isKept(sent)) await keep(db, scope, key, fingerprint, sent);
      else await release(db, scope, key);
      return sent;
    } catch (error) {
      await release(db, scope, key).catch(() => {});
      throw error;
    }
  };
}

/** Undefined when the request is ours to carry out; otherwise the first answer. */
async function claim(db: Database, scope: string, key: string, fingerprint: Buffer): Promise<Sent | undefined> {
  const claimed = await db.prisma.$executeRaw`
    INSERT INTO idempotent_answer AS a (scope, key, status, body) VALUES (${scope}, ${key}, ${RUNNING}, ${fingerprint})
    ON CONFLICT (scope, key) DO UPDATE SET at = now(), body = excluded.body
    WHERE a.status = ${RUNNING} AND a.at < now() - make_interval(secs => ${ABANDONED_S})`;
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
  if (!stored.subarray(0, 32).equals(fingerprint)) {
    throw new CoordinatorError('CONFLICT', 'This Idempotency-Key was used for another request; take a new one.');
  }
  const text = stored.subarray(32).toString('utf8');
  return {
    status: row.status,
    type: text === '' ? undefined : 'application/json',
    headers: { 'idempotent-replay': 'true' },
    body: text === '' ? undefined : text,
  };
}

async function keep(db: Database, scope: string, key: string, fingerprint: Buffer, sent: Sent): Promise<void> {
  const body = Buffer.concat([fingerprint, Buffer.from(typeof sent.body === 'string' ? sent.body : '')]);
  await db.prisma
    .$executeRaw`UPDATE idempotent_answer SET status = ${sent.status}, body = ${body} WHERE scope = ${scope} AND key = ${key}`;
}

async function release(db: Database, scope: string, key: string): Promise<void> {
  await db.prisma
    .$executeRaw`DELETE FROM idempotent_answer WHERE scope = ${scope} AND key = ${key} AND status = ${RUNNING}`;
}

/** Answers of bytes are made again; only JSON and empty ones are kept. */
function isKept(sent: Sent): boolean {
  return sent.body === undefined || typeof sent.body === 'string';
}

function fingerprintOf(request: FastifyRequest): Buffer {
  const { body } = request;
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body ?? null));
  return createHash('sha256').update(`${request.method} ${request.url}\n`).update(bytes).digest();
}
