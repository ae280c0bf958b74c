import { mustSumveil } from '@sumveil/constellation';
import { expect, it } from 'vitest';
import { plainSum, publishedSum, readRound } from '../stories/sums.ts';
import type { InputWorld } from './input-world.ts';

/** Rounds in which the fifth site hands its own connector what no plan allows. */
export const refusedAtSite = { 4: 'nan', 5: 'shape', 6: 'norm', 7: 'wrap' } as const;
/** Round in which it masks integers that no honest tenant has. */
export const GARBAGE = 8;
export const poison = { ...refusedAtSite, [GARBAGE]: 'garbage' };

export function f22(the: () => InputWorld): void {
  it.each(Object.entries(refusedAtSite))(
    'F22 round %s: %s is refused at the connector before masking',
    async (round, _) => {
      const { rows, runId, world, poisoned } = the();
      const { id } = await rows.one<{ id: string }>('SELECT id FROM attempt WHERE run_id = $1 AND round = $2', [
        runId,
        Number(round),
      ]);
      const sent = await rows.all<{ kind: string }>('SELECT kind FROM message WHERE attempt_id = $1 AND idx = $2', [
        id,
        poisoned.idx,
      ]);
      expect(sent.map(({ kind }) => kind).toSorted()).toEqual(['abort', 'm0', 'm1']);
      expect(await rows.all('SELECT 1 FROM chunk WHERE attempt_id = $1 AND idx = $2', [id, poisoned.idx])).toEqual([]);
      const left = await mustSumveil<{ what: string; round?: number }[]>(['connector', 'egress', '--limit', '500'], {
        state: poisoned.stateDir,
      });
      expect(left.filter((row) => row.round === Number(round) && row.what === 'chunk')).toEqual([]);
      const released = await readRound(world, rows, runId, Number(round));
      expect(released.survivors).toHaveLength(4);
      const survivors = world.tenants.filter(({ idx }) => released.survivors.includes(idx));
      expect(await publishedSum(world, rows, released)).toEqual(await plainSum(released, survivors));
    },
  );

  it('F22 a sum that honest inputs cannot reach is shown to nobody and makes no version; the run goes on', async () => {
    const { rows, runId, world } = the();
    const [attempt, ...more] = await rows.all<{ id: string; phase: string; fail_code: string; sums: number }>(
      `SELECT a.id, a.phase, a.fail_code, (SELECT count(*)::int FROM sum_chunk s WHERE s.attempt_id = a.id AND s.segment = 0
         AND s.digest IS NOT NULL) AS sums FROM attempt a WHERE a.run_id = $1 AND a.round = $2`,
      [runId, GARBAGE],
    );
    expect(more).toEqual([]);
    expect(attempt).toMatchObject({ phase: 'failed', fail_code: 'OUT_OF_RANGE', sums: 0 });
    for (const table of ['model_version', 'evaluation', 'privacy_charge'])
      expect(await rows.all(`SELECT 1 FROM ${table} WHERE run_id = $1 AND round = $2`, [runId, GARBAGE])).toEqual([]);
    expect(await rows.all('SELECT 1 FROM attempt_secret WHERE attempt_id = $1', [attempt!.id])).toEqual([]);
    const leaves = await rows.leaves('round.aborted');
    expect(leaves.filter(({ run }) => run === runId)).toMatchObject([
      { round: GARBAGE, code: 'OUT_OF_RANGE', survivors: 5, phase: 'summing' },
    ]);
    const next = await readRound(world, rows, runId, GARBAGE + 1);
    expect(next.survivors).toHaveLength(5);
    expect(await publishedSum(world, rows, next)).toEqual(await plainSum(next, world.tenants));
    await the().check();
  });
}
