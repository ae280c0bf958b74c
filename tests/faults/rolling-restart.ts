import { coordinatorTarget } from '@sumveil/constellation';
import { endInOrder } from './end-in-order.ts';
import type { FaultWorld } from './fault-world.ts';
import { judgeRun, type Verdict } from './verdict.ts';

const kinds = ['api', 'worker', 'signer'] as const;

export interface Rolled extends Verdict {
  readonly attempts: { round: number; attempt: number; phase: string }[];
  /** Milliseconds of each round from its opening to its release. */
  readonly took: number[];
}

/** Two of everything; each ends by SIGTERM and starts again, one after the other, while rounds go on. */
export async function rollThrough(world: FaultWorld, plan: string): Promise<Rolled> {
  const { rows, ground, proxy } = world;
  const port = (n: number) => ground.ports.get(`api-${n}`)!.connector!;
  const second = kinds.map((kind) => coordinatorTarget(ground, kind, 2));
  await Promise.all(second.map((target) => target.start()));
  proxy!.route(port(1), port(2));
  const runId = await world.begin(plan);
  await rows.until(
    'round 2 in its middle',
    `SELECT 1 FROM attempt WHERE run_id = $1 AND round = 2 AND phase = 'masked'`,
    [runId],
  );
  for (const kind of kinds) {
    for (const n of [1, 2]) {
      const target = coordinatorTarget(ground, kind, n);
      await endInOrder(target);
      await target.start();
    }
  }
  const verdict = await judgeRun(world, runId);
  proxy!.route(port(1));
  await Promise.all(second.map(endInOrder));
  const attempts = await rows.all<Rolled['attempts'][number] & { took: number }>(
    `SELECT round, attempt, phase, (extract(epoch FROM ended_at - created_at) * 1000)::int AS took
       FROM attempt WHERE run_id = $1 ORDER BY round, attempt`,
    [runId],
  );
  return {
    ...verdict,
    attempts: attempts.map(({ round, attempt, phase }) => ({ round, attempt, phase })),
    took: attempts.map(({ took }) => took),
  };
}
