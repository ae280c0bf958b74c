import type { FaultWorld } from './fault-world.ts';
import { answered, holdAt } from './held-places.ts';
import { judgeRun, type Verdict } from './verdict.ts';

/** Message of a tenant in each of the phases that wait for tenants. */
const kinds = ['m0', 'm1', 'm2', 'm3', 'm4'] as const;

/** Training rounds of a run in which the answer to each message is lost once. */
export const LOST_ROUNDS = answered.length - 1;

/**
 * The coordinator accepts a message, its answer is lost and every connection breaks: the connector cannot know and sends the
 * same bytes again. One message of each kind, one a round.
 */
export async function loseAnswers(world: FaultWorld, plan: string): Promise<Verdict> {
  const { rows, proxy } = world;
  const { idx } = world.tenants[1]!;
  const places = answered.map((phase, i) => ({ plan, round: i + 1, phase, at: 'answer', idx, waits: true }) as const);
  const holds = await holdAt(rows, places);
  const runId = await world.begin(plan);
  for (const [i, hold] of holds.entries()) {
    if (!(await hold.met())) throw new Error(`round ${hold.round} is over without its ${kinds[i]}`);
    proxy!.let('requests');
    await hold.lift();
    await rows.until(
      `the accepted ${kinds[i]}`,
      `SELECT 1 FROM message m JOIN attempt a ON a.id = m.attempt_id
        WHERE a.run_id = $1 AND a.round = $2 AND m.kind = $3 AND m.idx = $4`,
      [runId, hold.round, kinds[i], idx],
    );
    proxy!.cut();
    proxy!.let('all');
    await hold.left();
  }
  return judgeRun(world, runId);
}
