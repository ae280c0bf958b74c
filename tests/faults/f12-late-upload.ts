import { expect, it } from 'vitest';
import { connectorTls, rawCaller } from '../stories/callers.ts';
import { plainSum, publishedSum, readRound } from '../stories/sums.ts';
import { chunkBytes, chunkPath, freezeBeforeUpload, octetStream } from './f11-torn-upload.ts';
import type { InputWorld } from './input-world.ts';

export function f12(the: () => InputWorld): void {
  it('F12 an upload after the close, or for an old attempt, is 409 ROUND_CLOSED with one leaf, and in no sum', async () => {
    const { world, rows, runId, played, holds, returning } = the();
    const old = await rows.one<{ hash: Buffer }>(
      `SELECT plan_hash hash FROM attempt WHERE run_id = $1 AND round = 2 AND phase = 'released'`,
      [runId],
    );
    const attempt = await freezeBeforeUpload(the(), 3);
    await holds[1]!.masked.lift();
    await rows.until('a list without it', `SELECT 1 FROM phase_list WHERE attempt_id = $1 AND phase = 'u3'`, [
      attempt.id,
    ]);
    const { now } = await rows.one<{ now: Date }>('SELECT now()');
    await played.connector!.kill('SIGCONT');

    const peer = rawCaller(world.urls.connector, connectorTls(played));
    const late = async (method: 'PUT' | 'POST', path: string, body: Buffer | string) => {
      const { status, problem } = await peer.send({ method, path, headers: octetStream, body });
      return [status, problem.code];
    };
    const closed = [409, 'ROUND_CLOSED'];
    const chunk = Buffer.alloc(chunkBytes(attempt));
    const m2 = `/v1/attempts/${attempt.hash.toString('base64url')}/messages/m2`;
    expect(await late('PUT', chunkPath(attempt), chunk)).toEqual(closed);
    expect(await late('PUT', chunkPath({ ...attempt, ...old }), chunk)).toEqual(closed);
    expect(await late('POST', m2, '{"late":true}\nc2lnbmF0dXJl\n')).toEqual(closed);
    expect(await late('POST', m2, '{"late":true}\nc2lnbmF0dXJl\n')).toEqual(closed);
    await peer.close();

    await rows.until('its return', 'SELECT 1 FROM presence WHERE tenant_ref = $1 AND seen_at > $2', [played.ref, now]);
    await returning.lift();
    await rows.until('the release', `SELECT 1 FROM attempt WHERE id = $1 AND phase = 'released'`, [attempt.id]);
    expect(await rows.all('SELECT 1 FROM chunk WHERE attempt_id = $1 AND idx = $2', [attempt.id, played.idx])).toEqual(
      [],
    );
    await rows.until('the leaf', `SELECT 1 FROM audit_leaf WHERE convert_from(leaf, 'UTF8') LIKE '%"ROUND_CLOSED"%'`);
    const leaves = (await rows.leaves('update.rejected')).filter(({ run, round }) => run === runId && round === 3);
    expect(leaves).toMatchObject([
      {
        round: 3,
        attempt: 0,
        tenantRef: played.ref,
        code: 'ROUND_CLOSED',
        actor: { kind: 'connector', ref: played.ref },
      },
    ]);
    const round = await readRound(world, rows, runId, 3);
    const survivors = world.tenants.filter((tenant) => tenant !== played);
    expect(round.survivors).toEqual(survivors.map(({ idx }) => idx));
    expect(await publishedSum(world, rows, round)).toEqual(await plainSum(round, survivors));
    await the().check();
  });
}
