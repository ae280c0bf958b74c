import { readdirSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import type { Tenant } from '@sumveil/constellation';
import { chunkShape, parsePlan } from '@sumveil/secagg';
import { expect, it } from 'vitest';
import { connectorTls, rawCaller } from '../stories/callers.ts';
import { plainSum, publishedSum, readRound } from '../stories/sums.ts';
import type { InputWorld } from './input-world.ts';

export interface OpenAttempt {
  readonly id: string;
  readonly hash: Buffer;
  readonly plan_body: Buffer;
}

/** Freezes the played tenant's connector between its shares and its upload, so that its place is free for whoever plays it. */
export async function freezeBeforeUpload(
  { rows, runId, played, holds }: InputWorld,
  round: 2 | 3,
): Promise<OpenAttempt> {
  const { share } = holds[round - 2]!;
  expect(await share.met()).toBe(true);
  await rows.until(
    'the played tenant’s shares',
    `SELECT 1 FROM message m JOIN attempt a ON a.id = m.attempt_id
      WHERE a.run_id = $1 AND a.round = $2 AND m.kind = 'm1' AND m.idx = $3`,
    [runId, round, played.idx],
  );
  await played.connector!.kill('SIGSTOP');
  await share.lift();
  expect(await holds[round - 2]!.masked.met()).toBe(true);
  return rows.until<OpenAttempt>(
    'masked inputs of the others',
    `SELECT a.id, a.plan_hash hash, a.plan_body FROM attempt a WHERE a.run_id = $1 AND a.round = $2 AND a.phase = 'masked'
       AND (SELECT count(*) FROM message m WHERE m.attempt_id = a.id AND m.kind = 'm2') = 3`,
    [runId, round],
  );
}

/** The length that every chunk 0 of the model has. */
export const chunkBytes = ({ plan_body }: OpenAttempt) => chunkShape(parsePlan(plan_body), 0, 0).bytes;

export const chunkPath = ({ hash }: OpenAttempt, chunk = '0/0') =>
  `/v1/attempts/${hash.toString('base64url')}/chunks/${chunk}`;

export const octetStream = { 'content-type': 'application/octet-stream' };

export function f11(the: () => InputWorld): void {
  it('F11 a partial upload, a wrong length or other content leaves no row and no file; the retry works', async () => {
    const { world, rows, runId, played, keeper, holds } = the();
    const attempt = await freezeBeforeUpload(the(), 2);
    const size = chunkBytes(attempt);
    const rowsOf = (tenant: Tenant) =>
      rows.all('SELECT * FROM chunk WHERE attempt_id = $1 AND idx = $2 ORDER BY segment, chunk', [
        attempt.id,
        tenant.idx,
      ]);
    const files = () => readdirSync(world.folders.artifacts, { recursive: true }).toSorted();
    const [filesBefore, keptBefore] = [files(), await rowsOf(keeper)];
    expect(keptBefore).toHaveLength(2);

    await tornUpload(world.urls.connector, played, chunkPath(attempt), size);
    const [peer, other] = [played, keeper].map((tenant) => rawCaller(world.urls.connector, connectorTls(tenant)));
    const put = (body: Buffer, path = chunkPath(attempt)) =>
      peer!.send({ method: 'PUT', path, headers: octetStream, body });
    for (const length of [0, 1, size - 8, size + 8]) {
      const { status, problem } = await put(Buffer.alloc(length));
      expect([length, status, problem.code]).toEqual([length, 422, 'MESSAGE_REFUSED']);
    }
    expect((await put(Buffer.alloc(size), chunkPath(attempt, '0/9'))).problem.code).toBe('MESSAGE_REFUSED');
    expect((await put(Buffer.alloc(size), chunkPath(attempt, '2/0'))).status).toBe(400);
    const replaced = await other!.send({
      method: 'PUT',
      path: chunkPath(attempt),
      headers: octetStream,
      body: Buffer.alloc(size, 7),
    });
    expect([replaced.status, replaced.problem.code]).toEqual([409, 'CONFLICT']);
    expect(await rowsOf(played)).toEqual([]);
    expect(await rowsOf(keeper)).toEqual(keptBefore);
    expect(files()).toEqual(filesBefore);
    expect(readdirSync(join(world.folders.artifacts, 'incoming'))).toEqual([]);
    await Promise.all([peer!.close(), other!.close()]);

    await played.connector!.kill('SIGCONT');
    await rows.until('its own upload', `SELECT 1 FROM message WHERE attempt_id = $1 AND kind = 'm2' AND idx = $2`, [
      attempt.id,
      played.idx,
    ]);
    await holds[0]!.masked.lift();
    await rows.until('the release', `SELECT 1 FROM attempt WHERE id = $1 AND phase = 'released'`, [attempt.id]);
    const round = await readRound(world, rows, runId, 2);
    expect(round.survivors).toHaveLength(5);
    expect(await publishedSum(world, rows, round)).toEqual(await plainSum(round, world.tenants));
    await the().check();
  });
}

/** Half of a chunk, and then the connection is gone. */
function tornUpload(base: string, tenant: Tenant, path: string, size: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const headers = { ...octetStream, 'content-length': String(size) };
  const asked = https.request(new URL(path, base), { ...connectorTls(tenant), agent: false, method: 'PUT', headers });
  asked.on('error', () => resolve());
  asked.on('close', () => resolve());
  asked.write(Buffer.alloc(size >> 1), () => asked.destroy());
  return promise;
}
