import { randomUUID } from 'node:crypto';
import {
  belowDefaultFloors,
  planHash as hashOfPlan,
  parsePlan,
  type RoundArgs,
  roundPlan,
  SecaggError,
  ZERO_HASH,
} from '@sumveil/secagg';
import { hashOfDigest, toBase64url, writtenDigest } from '@sumveil/wire';
import { databaseNow, type Tx } from '../../db/client.ts';
import type { Deps } from '../../deps.ts';
import type { Grant, Run } from '../../generated/prisma/client.ts';
import { type Lease, requireLease } from '../../lease/lease.ts';
import { enqueue } from '../../outbox/enqueue.ts';
import { type ApprovedPlan, loadPlan, stageOfRound } from '../../plan/approved-plan.ts';
import { decide } from '../decisions/decide.ts';
import { attemptLeaf } from './attempt-leaf.ts';
import { trippedGuard } from './guards.ts';
import { waitsUntil } from './next-attempt.ts';
import { endRun, lockRun, pauseRun } from './run-state.ts';
import { standingOf } from './standing.ts';

/**
 * Opens the next round of a run, or the next attempt of its last round, in one transaction: decision, round plan, row,
 * leaf and the request for its signature. Returns the attempt, or undefined when there is nothing to open.
 */
export async function openRound(deps: Deps, lease: Lease, runId: string): Promise<string | undefined> {
  return deps.db.transaction(async (tx) => {
    await requireLease(tx, lease);
    const run = await lockRun(tx, runId);
    if (run.state !== 'running') return undefined;
    const last = await tx.attempt.findFirst({ where: { runId }, orderBy: [{ round: 'desc' }, { attempt: 'desc' }] });
    if (last && !['released', 'failed'].includes(last.phase)) return undefined;
    const again = last?.phase === 'failed' && last.round === run.round + 1 ? last : undefined;
    const grant = run.grantId && (await tx.grant.findUnique({ where: { id: run.grantId } }));
    const plan = await loadPlan(tx, run.planDigest);
    const stage = stageOfRound(plan, run.round + 1);
    if (!grant || !stage) {
      await endRun(deps, tx, run, { state: 'completed' });
      return undefined;
    }
    if (last && (await isHeld(deps, tx, runId, last.id))) return undefined;
    return open(deps, tx, { run, grant, plan, stage: stage.name, again });
  });
}

/** After failed attempts the next one waits; the job comes back when its time has come. */
async function isHeld(deps: Deps, tx: Tx, runId: string, lastId: string): Promise<boolean> {
  const until = await waitsUntil(tx, deps, runId);
  const now = await databaseNow(tx);
  if (!until || until <= now) return false;
  // A job that comes early by another clock asks once more.
  const slot = Math.floor(now.getTime() / deps.timings.phaseLook);
  await enqueue(tx, { topic: 'round.open', ref: runId, dedupe: `again:${lastId}:${slot}`, availableAt: until });
  return true;
}

interface Opening {
  readonly run: Run;
  readonly grant: Grant;
  readonly plan: ApprovedPlan;
  readonly stage: string;
  readonly again: { attempt: number; planHash: Uint8Array } | undefined;
}

async function open(deps: Deps, tx: Tx, { run, grant, plan, stage, again }: Opening): Promise<string | undefined> {
  const { roster, cohort, members, fault } = await standingOf(tx, plan, grant);
  if (fault) {
    await pauseRun(deps, tx, run, fault);
    return undefined;
  }
  const trip = await trippedGuard(tx, run, plan);
  if (trip) {
    await pauseRun(deps, tx, run, `guard.${trip.guard}`);
    return undefined;
  }
  const decision = await decide(deps, tx, { action: 'startRound', plan, runId: run.id, runExists: true, cohort });
  if (decision.effect === 'deny') {
    await pauseRun(deps, tx, run, 'policy-denied');
    return undefined;
  }
  const now = (await databaseNow(tx)).getTime();
  const args: RoundArgs = {
    round: run.round + 1,
    attempt: again ? again.attempt + 1 : 0,
    retryOf: again ? toBase64url(again.planHash) : ZERO_HASH,
    prevManifest: toBase64url(run.prevManifest),
    modelHash: toBase64url(hashOfDigest(run.modelDigest)),
    deadlines: phaseDeadlines(plan, now),
  };
  const body = bodyOf({ planFile: plan.bytes, grantPayload: grant.payload, roster }, args);
  if (!body) {
    await pauseRun(deps, tx, run, 'round-plan');
    return undefined;
  }
  const parsed = parsePlan(body);
  const hash = hashOfPlan(body);
  const id = randomUUID();
  const row = { id, runId: run.id, round: args.round, attempt: args.attempt, stage };
  const leaf = await deps.log.appendLeaf(
    tx,
    {
      type: 'round.opened',
      ...attemptLeaf(row),
      decisionId: decision.decisionId,
      planHash: writtenDigest(hash),
      modelHash: run.modelDigest,
      grantDigest: grant.digest,
      cohort: [...members],
      deadlineAt: new Date(args.deadlines[0]!).toISOString(),
      ...(belowDefaultFloors(parsed.cohort.length, parsed.c) ? { belowDefault: true } : {}),
    },
    { gated: true },
  );
  await tx.attempt.create({
    data: {
      ...row,
      phase: 'opening',
      planBody: Uint8Array.from(body),
      planHash: Uint8Array.from(hash),
      modelDigest: run.modelDigest,
      leafKey: leaf.key,
      decisionId: decision.decisionId,
      createdAt: new Date(now),
      phaseOpenedAt: new Date(now),
      deadlineAt: new Date(args.deadlines[0]!),
    },
  });
  await deps.sign.requestSignature(tx, 'plan', planSubject(row), body);
  deps.logger.event('round.opened', {
    run: run.id,
    round: args.round,
    attempt: args.attempt,
    members: parsed.cohort.length,
    planHash: writtenDigest(hash),
  });
  return id;
}

/** No round fits any more, for example because it would outlive the grant: a person decides, with new approvals. */
function bodyOf(inputs: Parameters<typeof roundPlan>[0], args: RoundArgs): Buffer | undefined {
  try {
    return roundPlan(inputs, args);
  } catch (error) {
    if (error instanceof SecaggError) return undefined;
    throw error;
  }
}

/** Each phase gets the most time that the plan allows it; a phase in which everybody answers closes long before. */
function phaseDeadlines(plan: ApprovedPlan, now: number): RoundArgs['deadlines'] {
  const { advertise, share, masked, consistency, unmask } = plan.manifest.deadlines;
  let at = now;
  return [advertise, share, masked, consistency, unmask].map(([, most]) => {
    at += most * 1000;
    return at;
  }) as unknown as RoundArgs['deadlines'];
}

export function planSubject(row: { runId: string; round: number; attempt: number }): string {
  return `${row.runId}/${row.round}/${row.attempt}`;
}
