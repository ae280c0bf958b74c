import { coordinatorTarget } from '@sumveil/constellation';
import { expect, it } from 'vitest';
import { freezeHolder, type LongRun, leafAfter, leavesOf } from './long-run.ts';

/** F2: a process that sleeps longer than its lease, while another takes its place. */
export function frozenProcesses(run: () => LongRun): void {
  it('F2: a frozen worker writes nothing when it wakes, and says that it was fenced', async () => {
    const { world, runId, worker, stopNextAt } = run();
    const held = await stopNextAt({ phase: 'advertise', at: 'sign', waits: false });
    const before = await leavesOf(world, 'writer.fenced');
    const epoch = await freezeHolder(world, worker, `run:${runId}`);
    const other = coordinatorTarget(world.ground, 'worker', 2);
    await other.start();
    await held.lift();
    await held.released(5);
    const [lease] = await world.rows.all<{ epoch: string }>('SELECT epoch FROM lease WHERE resource = $1', [
      `run:${runId}`,
    ]);
    expect(Number(lease!.epoch)).toBeGreaterThan(Number(epoch));
    const state = await everything(run());
    worker.thaw();
    await leafAfter(world, 'writer.fenced', before);
    expect(await everything(run())).toEqual(state);
    await other.terminate();
  });

  it('F2: a frozen signer signs nothing when it wakes, and says that it was fenced', async () => {
    const { world, signer, stopNextAt } = run();
    const held = await stopNextAt({ phase: 'share', at: 'answer', idx: world.tenants[4]!.idx, waits: false });
    const before = await leavesOf(world, 'writer.fenced');
    const epoch = await freezeHolder(world, signer, 'signer');
    const other = coordinatorTarget(world.ground, 'signer', 2);
    await other.start();
    await held.lift();
    await held.released(5);
    signer.thaw();
    await leafAfter(world, 'writer.fenced', before);
    const late = await world.rows.all(
      'SELECT 1 FROM signature WHERE epoch = $1 AND at > (SELECT min(at) FROM signature WHERE epoch > $1)',
      [epoch],
    );
    expect(late).toEqual([]);
    await other.terminate();
  });
}

/** What the run has come to. */
function everything({ world, runId }: LongRun): Promise<unknown[]> {
  return world.rows.all(
    `SELECT a.id, a.phase, r.round, r.model_digest, (SELECT count(*) FROM model_version) AS versions,
            (SELECT count(*) FROM signature) AS signatures
       FROM attempt a JOIN run r ON r.id = a.run_id WHERE r.id = $1 AND a.phase IN ('released', 'failed') ORDER BY a.id`,
    [runId],
  );
}
