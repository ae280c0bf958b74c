import { randomBytes } from 'node:crypto';
import { advertise as advertiseStep, belowDefaultFloors, parsePlan } from '@sumveil/secagg';
import { decodeSigned, digestOf, encodeSigned, memberByTenant, sha256, type Task, toBase64url } from '@sumveil/wire';
import type { Passed } from '../gate/gate.ts';
import type { RawMaterial } from '../gate/material.ts';
import { sendRefusal } from '../gate/refusal.ts';
import type { GateFault } from '../gate/verdict.ts';
import { pause } from '../pause.ts';
import type { Site } from '../site.ts';
import type { Attempt } from './attempt.ts';
import { fetchRawMaterial } from './fetch-material.ts';
import { judgeRaw, seeLists } from './judge-task.ts';
import { type PhaseDeps, showPhase } from './phases.ts';
import { sendMessage } from './send.ts';

/**
 * R0: fetches what the round rests on, lets the gate judge it, stores round, attempt and planHash, then sends M0. An
 * attempt that was joined before is left alone.
 */
export async function advertise({ site, table, results }: PhaseDeps, task: Task): Promise<void> {
  const { state, now } = site;
  if (state.attempts.byPlan(task.planHash)) return;
  table.endOlder(task);
  const before = table.newest(task.runId);
  await results(task.runId);
  const first = await judgeWhenSettled(site, task, before);
  const { raw, verdict, dataset } = first;
  if (!verdict.ok) return await sendRefusal(site, task, grantDigestOf(raw), verdict.fault);
  const { passed } = verdict;
  const model = await modelOf(site, passed, before);
  if (!model) return await sendRefusal(site, task, passed.material.grantDigest, MODEL_FAULT);
  const { material, roster, plan } = passed;
  const idx = memberByTenant(roster, site.member.tenantRef)!.idx;
  const step = advertiseStep({ plan, roster, idx, rosterKey: site.keys.roster, random: randomBytes });
  const attempt: Attempt = {
    runId: task.runId,
    round: plan.round,
    attempt: plan.attempt,
    planHash: task.planHash,
    plan,
    roster,
    raw,
    planDigest: material.planDigest,
    grantDigest: material.grantDigest,
    task: material.task,
    stage: material.stage,
    stages: material.stages,
    dataset: dataset!,
    model,
    admittedAtSize: first.size,
    state: step.state,
    directory: [],
    training: undefined,
    next: undefined,
    kept: new Map(),
    ended: new AbortController(),
  };
  showPhase(site, attempt, 'advertise');
  await sendMessage(site, attempt, 'm0', encodeSigned(step.m0), () => {
    state.attempts.open(attempt, now());
    seeLists(site, passed);
    noteSmallNumbers(site, attempt);
    table.add(attempt);
  });
}

const MODEL_FAULT: GateFault = {
  code: 'GATE_PROTOCOL',
  detail: 'the model artifact does not have the digest that the plan names',
};

/** Proofs may lag behind what this witness has just cosigned, and results behind the next round, for a moment. */
async function judgeWhenSettled(site: Site, task: Task, before: Attempt | undefined) {
  const until = site.now() + site.timings.settle;
  for (;;) {
    const raw = await fetchRawMaterial(site, task, before?.raw.planFile);
    requirePlanOf(raw, task);
    const size = site.state.trust.witness()?.size ?? 0;
    const judged = await judgeRaw(site, raw, task.planHash, { minSize: size });
    const late = site.now() >= until || site.stopping.aborted;
    if (judged.verdict.ok || late || !maySettle(site, raw, judged.verdict.fault)) return { raw, size, ...judged };
    await pause(site.timings.settleLook, site.stopping);
  }
}

function maySettle({ state }: Site, raw: RawMaterial, fault: GateFault): boolean {
  if (fault.code === 'GATE_LOG_PROOF') return true;
  if (fault.code !== 'GATE_PROTOCOL') return false;
  return parsePlan(decodeSigned(raw.plan).body).prevManifest !== state.attempts.job(raw.runId).lastManifest;
}

/** The task's hash is the key under which everything is asked for and stored. */
function requirePlanOf(raw: RawMaterial, task: Task): void {
  if (toBase64url(sha256(decodeSigned(raw.plan).body)) !== task.planHash)
    throw new Error('the coordinator answered with another plan than the task names');
}

/** What this connector computed from the last sum is the model of the next round, unless the digest says otherwise. */
async function modelOf(
  { client }: Site,
  { plan }: Passed,
  before: Attempt | undefined,
): Promise<Uint8Array | undefined> {
  const digest = `sha256:${Buffer.from(plan.modelHash, 'base64url').toString('hex')}`;
  if (before?.next && digestOf(before.next) === digest) return before.next;
  const model = await client.call('artifact', { params: { digest } });
  return digestOf(model) === digest ? model : undefined;
}

/** What cannot be read may still be named: the digest of the bytes that came. */
function grantDigestOf(raw: RawMaterial): string {
  try {
    return digestOf(Buffer.from(JSON.parse(Buffer.from(raw.grant).toString('utf8')).payload, 'base64'));
  } catch {
    return digestOf(raw.grant);
  }
}

/** Section 2: a round below the default floors is an entry of its own, and the status page says what it means. */
function noteSmallNumbers({ state, board, now }: Site, attempt: Attempt): void {
  const { plan, runId, round, attempt: number, planHash, raw } = attempt;
  const n = plan.cohort.length;
  if (!belowDefaultFloors(n, plan.c)) return;
  const means =
    n === 2
      ? 'with two tenants each can compute the other’s update from the sum'
      : `a sum may hide this site among as few as ${plan.threshold - plan.c} honest tenants`;
  board.warn(`SMALL ${runId}`, `Run ${runId} has a cohort of ${n}, below the default floors: ${means}.`);
  const entry = { what: 'below-floor', digest: digestOf(raw.plan), bytes: 0 } as const;
  state.egress.record({ ...entry, runId, round, attempt: number, planHash }, now());
}
