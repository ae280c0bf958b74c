import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CommandResult,
  type CoordinatorOptions,
  decideOn,
  declareApprovers,
  mustSumveil,
  pinRoster,
  startWorld,
  sumveil,
  type Tenant,
  type TenantSpec,
  type World,
  type WorldOptions,
} from '@sumveil/constellation';

export interface Decision {
  readonly action: string;
  readonly effect: 'allow' | 'deny';
  readonly cause: string;
  readonly reasons: readonly string[];
}
export interface Start {
  readonly runId: string | null;
  readonly decision: Decision;
}
export interface RunStatus {
  readonly run: {
    runId: string;
    state: string;
    reason: string | null;
    cohort: string[];
    model: string;
    version: number;
  };
  readonly rounds: {
    round: number;
    attempt: number;
    stage: string;
    phase: string;
    survivors: number | null;
    dropped: string[];
    metrics: Record<string, number | null>;
  }[];
  readonly decisions: Decision[];
}

export interface StoryWorld extends World {
  readonly folder: string;
  as(who: 'operator' | 'auditor'): { profile: string };
  /** Uploads the base model and hands in the plan. */
  submit(plan: { yaml: string; model: Uint8Array }): Promise<string>;
  /** Steward and privacy officer of each of these tenants (all when left out) grant the plan. */
  approve(planDigest: string, tenants?: readonly Tenant[]): Promise<void>;
  start(planDigest: string): Promise<CommandResult<Start>>;
  /** Follows a run to its end. */
  watch(runId: string): Promise<RunStatus>;
  /** Submit, approve, start, watch: a run that must go through. */
  complete(plan: { yaml: string; model: Uint8Array }): Promise<RunStatus>;
}

export interface StoryOptions extends CoordinatorOptions, Pick<WorldOptions, 'proxied'> {
  readonly tenants: (folder: string) => readonly TenantSpec[] | Promise<readonly TenantSpec[]>;
  readonly minCohort?: number;
  /** Without a pinned roster and approvers. */
  readonly bare?: boolean;
}

/** A whole constellation below the temporary folder, roster in force and approvers declared; `stop` leaves nothing behind. */
export async function startStory({ tenants, minCohort, bare, ...o }: StoryOptions): Promise<StoryWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'sumveil-story-'));
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  let world: World | undefined;
  try {
    world = await startWorld({ folder, tenants: await tenants(folder), durable: false, ...o });
    if (!bare) {
      await pinRoster(world, minCohort ? { minCohort } : {});
      await declareApprovers(world);
    }
    return story(world, folder, remove);
  } catch (error) {
    await world?.stop();
    remove();
    throw error;
  }
}

function story(world: World, folder: string, remove: () => void): StoryWorld {
  const as = (who: 'operator' | 'auditor') => ({ profile: world.profile(world[who]) });
  const told: StoryWorld = {
    ...world,
    folder,
    as,
    async submit({ yaml, model }) {
      const [planFile, modelFile] = [join(folder, 'plan.yaml'), join(folder, 'base.safetensors')];
      writeFileSync(planFile, yaml);
      writeFileSync(modelFile, model);
      await mustSumveil(['model', 'upload', modelFile], as('operator'));
      return (await mustSumveil<{ planDigest: string }>(['plan', 'submit', planFile], as('operator'))).planDigest;
    },
    async approve(planDigest, tenants = world.tenants) {
      for (const tenant of tenants) {
        await decideOn(world, planDigest, tenant, tenant.steward, { ticket: `jira:DS-${tenant.idx}` });
        await decideOn(world, planDigest, tenant, tenant.officer, { ticket: `jira:PO-${tenant.idx}` });
      }
    },
    start: (planDigest) => sumveil<Start>(['run', 'start', planDigest], as('operator')),
    async watch(runId) {
      const { value, error } = await sumveil<RunStatus>(['run', 'watch', runId], as('operator'));
      if (error) throw new Error(`run watch: ${error.code} ${error.message}`);
      return value;
    },
    async complete(plan) {
      const digest = await told.submit(plan);
      await told.approve(digest);
      const { value } = await told.start(digest);
      if (!value.runId) throw new Error(`denied: ${value.decision.reasons.join(', ') || value.decision.cause}`);
      const status = await told.watch(value.runId);
      if (status.run.state !== 'completed') throw new Error(`run ${status.run.state}: ${status.run.reason}`);
      return status;
    },
    async stop() {
      await world.stop();
      remove();
      const { ground, tenants } = world;
      const pids = [...ground.processes, ...tenants.flatMap(({ connector }) => connector ?? [])].map(({ pid }) => pid);
      const left = [...pids, ground.postgres.pid].filter(runs);
      if (left.length > 0) throw new Error(`processes left behind: ${left.join(', ')}`);
    },
  };
  return told;
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
