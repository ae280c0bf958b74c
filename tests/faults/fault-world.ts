import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fastTimings, type OwnRedis, startOwnRedis } from '@sumveil/constellation';
import { openRows, type Rows } from '../stories/rows.ts';
import { type StoryWorld, startStory } from '../stories/story-world.ts';
import { toyPlan } from '../stories/toy-plan.ts';
import { toyTenants } from '../stories/toy-table.ts';
import { installHolds } from './held-places.ts';

/** A frozen process has lost every lease when it goes on. */
export const FREEZE_MS = fastTimings.timings.lease + 500;

export interface FaultWorld extends StoryWorld {
  /** Tenants without whom a round is aborted. */
  readonly minCohort: number;
  readonly rows: Rows;
  readonly redis: OwnRedis;
  /** Plan of statistics and some training that everybody has approved; it may be run again and again. */
  approvedPlan(name: string, trainRounds: number): Promise<string>;
  /** Training rounds of each approved plan, by its digest; a round for the statistics goes before them. */
  readonly trainRounds: ReadonlyMap<string, number>;
  /** Starts a run of an approved plan. */
  begin(plan: string): Promise<string>;
}

/** A constellation with its queue in a Redis of its own, and places in which rounds can be held. */
export async function startFaultWorld(o: { tenants: number }): Promise<FaultWorld> {
  // Postgres of a root user runs as somebody else, who must reach its data when it starts again.
  const folder = mkdtempSync(join(tmpdir(), 'sumveil-faults-'));
  chmodSync(folder, 0o711);
  const folders = { redis: join(folder, 'redis'), postgres: join(folder, 'postgres') };
  mkdirSync(folders.redis);
  const redis = await startOwnRedis(folders.redis);
  const end = async () => {
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const world = await startStory({
      tenants: (folder) => toyTenants(folder, o.tenants),
      queueUrl: redis.url,
      ...fastTimings,
      // Many processes start at once here: the first signature may take its time.
      timings: { ...fastTimings.timings, signature: 6_000 },
      postgresFolder: folders.postgres,
      proxied: true,
    });
    const rows = await openRows(world);
    await installHolds(rows);
    const minCohort = Math.ceil((2 * o.tenants) / 3);
    const rounds = new Map<string, number>();
    return {
      ...world,
      rows,
      redis,
      minCohort,
      trainRounds: rounds,
      async approvedPlan(name, trainRounds) {
        const members = world.tenants.map(({ ref }) => ref);
        // Without an evaluation: it is a round like the others.
        const alter = (plan: Record<string, unknown>) => ({ ...plan, stages: (plan.stages as unknown[]).slice(0, 2) });
        const plan = await toyPlan(members, { name, trainRounds, minCohort, leaseSeconds: 5, alter });
        const digest = await world.submit(plan);
        await world.approve(digest);
        rounds.set(digest, trainRounds);
        return digest;
      },
      async begin(plan) {
        const { value } = await world.start(plan);
        if (!value?.runId) throw new Error(`the run was not started: ${value?.decision?.reasons.join(', ')}`);
        return value.runId;
      },
      async stop() {
        await rows.close();
        await world.stop();
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}
