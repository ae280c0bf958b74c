import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decideOn, declareApprovers, mustSumveil, pinRoster, startWorld, type World } from '@sumveil/constellation';
import { birdstrikesPlan, prepareAirlines } from '@sumveil/example-birdstrikes';
import { builtinCodeDigest } from '@sumveil/trainers';
import type { SuiteContext } from '../suite.ts';

export interface ApprovedRun {
  readonly world: World;
  readonly planDigest: string;
  /** Asks for the run, which every tenant has approved. */
  start(): Promise<string>;
  /** Stops every process and removes the folder. */
  close(): Promise<void>;
}

/** The demo's constellation and plan with as many tenants and training rounds as asked for, up to its start. */
export async function approvedRun(
  { tell, onStop }: SuiteContext,
  o: { tenants: number; rounds: number },
): Promise<ApprovedRun> {
  const folder = mkdtempSync(join(tmpdir(), 'sumveil-bench-'));
  let stop = async () => {};
  const close = async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  onStop(close);
  try {
    tell(`starting the coordinator, its database and ${o.tenants} connectors`);
    const airlines = await prepareAirlines((slug) => join(folder, 'tenants', slug, 'data'));
    const tenants = airlines
      .slice(0, o.tenants)
      .map(({ name, slug, path }) => ({ name, slug, region: 'US', csv: path }));
    const world = await startWorld({
      folder,
      tenants,
      onStarted: (now) => {
        stop = now;
      },
    });
    tell('pinning the roster, declaring approvers, approving the plan');
    await pinRoster(world);
    await declareApprovers(world);
    const planDigest = await approvePlan(world, o.rounds);
    const start = async () => {
      const argv = ['run', 'start', planDigest];
      const { runId } = await mustSumveil<{ runId: string | null }>(argv, { profile: world.profile(world.operator) });
      if (!runId) throw new Error('the start of the run was denied');
      return runId;
    };
    return { world, planDigest, start, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function approvePlan(world: World, trainRounds: number): Promise<string> {
  const tenantRefs = world.tenants.map(({ ref }) => ref);
  const { yaml, model } = birdstrikesPlan({ tenantRefs, codeDigest: await builtinCodeDigest(), trainRounds });
  const operator = { profile: world.profile(world.operator) };
  const [planFile, modelFile] = ['plan.yaml', 'base.safetensors'].map((name) => join(world.folders.operator, name));
  writeFileSync(planFile!, yaml);
  writeFileSync(modelFile!, model);
  await mustSumveil(['model', 'upload', modelFile!], operator);
  const { planDigest } = await mustSumveil<{ planDigest: string }>(['plan', 'submit', planFile!], operator);
  for (const tenant of world.tenants) {
    await decideOn(world, planDigest, tenant, tenant.steward, { ticket: `bench:DS-${tenant.idx}` });
    await decideOn(world, planDigest, tenant, tenant.officer, { ticket: `bench:PO-${tenant.idx}` });
  }
  return planDigest;
}
