import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { LongRun } from './long-run.ts';

/** F1: kill -9 of api, worker and signer where it hurts most. */
export function killedProcesses(run: () => LongRun): void {
  it('F1: api killed in collection: the accepted updates stay, the last one comes to its successor', async () => {
    const { world, api, stopNextAt } = run();
    const held = await stopNextAt({ phase: 'masked', at: 'answer', idx: world.tenants[4]!.idx, waits: false });
    await world.rows.until(
      'the updates of the others',
      `SELECT 1 FROM message WHERE attempt_id = $1 AND kind = 'm2' HAVING count(*) = 4`,
      [held.attemptId],
    );
    await api.kill();
    await held.lift();
    await api.start();
    await held.released(5);
  });

  it('F1: worker killed before dispatch: the work waits in the outbox', async () => {
    const { world, worker, stopNextAt } = run();
    const held = await stopNextAt({ phase: 'share', at: 'answer', idx: world.tenants[4]!.idx, waits: false });
    await worker.kill();
    await held.lift();
    await world.rows.until('the order to go on', 'SELECT 1 FROM outbox WHERE dedupe = $1 AND published_at IS NULL', [
      `complete:${held.attemptId}:share`,
    ]);
    await worker.start();
    await held.released(5);
  });

  it('F1: worker killed after the aggregate’s fsync: the same bytes again, under the same name', async () => {
    const { world, worker, stopNextAt } = run();
    const held = await stopNextAt({ phase: 'summing', at: 'sum', waits: true });
    const before = storedIn(world.folders.artifacts);
    await worker.kill();
    await held.lift();
    await worker.start();
    await held.released(5);
    const sums = await world.rows.all<{ digest: string }>('SELECT digest FROM sum_chunk WHERE attempt_id = $1', [
      held.attemptId,
    ]);
    const known = sums.filter(({ digest }) => before.has(digest.slice('sha256:'.length)));
    expect(known.length).toBeGreaterThan(0);
  });

  it('F1: worker killed after the release was committed, before it published: one version, one charge', async () => {
    const { worker, stopNextAt } = run();
    const held = await stopNextAt({ phase: 'releasing', at: 'close', waits: true });
    await worker.kill();
    await held.lift();
    await worker.start();
    await held.released(5);
  });

  it('F1: signer killed between check and signature: its successor checks again', async () => {
    const { world, signer, stopNextAt } = run();
    const held = await stopNextAt({ phase: 'releasing', at: 'sign', waits: true });
    await signer.kill();
    await held.lift();
    await signer.start();
    await held.released(5);
    const signed = await world.rows.all(
      `SELECT 1 FROM signature s JOIN sign_request r ON r.id = s.request_id WHERE r.kind = 'manifest' AND r.subject = $1`,
      [held.attemptId],
    );
    expect(signed).toHaveLength(1);
  });
}

function storedIn(folder: string): Set<string> {
  const heads = readdirSync(folder).filter((name) => name.length === 2);
  return new Set(heads.flatMap((head) => readdirSync(join(folder, head)).map((rest) => head + rest)));
}
