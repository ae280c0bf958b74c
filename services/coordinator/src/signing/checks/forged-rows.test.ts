import { randomUUID } from 'node:crypto';
import { generateEd25519, newRef } from '@sumveil/identity';
import { decisionInput, type PolicyRequest, parseDecisionInput } from '@sumveil/policy';
import { argsOfPlan, parsePlan, parseRoster, planHash, rosterApproval, roundPlan } from '@sumveil/secagg';
import { canonicalBytes, digestOf, encodeSigned, hashOfDigest, rosterHash, sha256, toBase64url } from '@sumveil/wire';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Attempt } from '../../generated/prisma/client.ts';
import { publishedEpochs, rosterLeafFields } from '../../log/epochs.ts';
import { settleRosters } from '../../log/roster-epochs.ts';
import { createMemo } from '../memo.ts';
import { type ApprovedWorld, openNext, startGrantedRun, submitToyPlan } from '../testing/approved-run.ts';
import { askSigner } from '../testing/ask.ts';
import { type EvidenceWorld, openWorld, startTestPostgres } from '../testing/world.ts';

let postgres: Awaited<ReturnType<typeof startTestPostgres>>;
let world: EvidenceWorld;
let approved: ApprovedWorld;
let runId: string;
let first: Attempt;

const untilInForce = (epochs: number) =>
  world.api.notify.wait(
    'sumveil_run',
    async () => {
      const count = await world.api.db.prisma.roster.count({ where: { effectiveAt: { not: null } } });
      return count >= epochs ? count : undefined;
    },
    { timeoutMs: 10_000 },
  );
const open = (run: string) => openNext(world, run, { ...world.worker.timings, attemptAgain: 1 });

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await openWorld(postgres);
  await world.signer();
  await world.publishRoster();
  world.startWitnesses();
  await untilInForce(1);
  approved = await submitToyPlan(world);
  runId = await startGrantedRun(world, approved);
  const id = (await open(runId))!;
  const sig = await world.worker.sign.awaitSignature('plan', `${runId}/1/0`, { timeoutMs: 10_000 });
  first = await world.worker.db.prisma.attempt.update({ where: { id }, data: { planSig: Uint8Array.from(sig) } });
}, 90_000);

afterAll(async () => {
  await world.close();
  await postgres.stop();
});

/** Attempt row as the worker may write it, and the question whether the signer signs its plan. */
async function askForRound(round: number, args: Partial<ReturnType<typeof argsOfPlan>>, row: Partial<Attempt> = {}) {
  const { db } = world.worker;
  const grant = await db.prisma.grant.findFirstOrThrow({ where: { runId } });
  const plan = await db.prisma.plan.findUniqueOrThrow({ where: { digest: approved.planDigest } });
  const roster = parseRoster((await db.prisma.roster.findFirstOrThrow({ where: { epoch: 1 } })).body);
  const all = { ...argsOfPlan(parsePlan(first.planBody)), round, ...args };
  const body = Uint8Array.from(roundPlan({ planFile: plan.bytes, grantPayload: grant.payload, roster }, all));
  const data = { ...first, id: randomUUID(), round, attempt: all.attempt, planBody: body, planSig: null, ...row };
  await db.prisma.attempt.create({ data: { ...data, planHash: Uint8Array.from(planHash(body)) } });
  return askSigner(world, 'plan', `${runId}/${round}/${all.attempt}`, body);
}

/** The next attempt of round 1, with everything as it should be but for `row`. */
async function askForRetry(row: Partial<Attempt> = {}) {
  const where = { runId, round: 1 };
  const last = await world.worker.db.prisma.attempt.findFirstOrThrow({ where, orderBy: { attempt: 'desc' } });
  return askForRound(1, { attempt: last.attempt + 1, retryOf: toBase64url(planHash(last.planBody)) }, row);
}

describe('rows that the worker may write', () => {
  it('make no model to train: a released phase and a version without manifest and leaf count for nothing', async () => {
    const { prisma } = world.worker.db;
    const manifestBody = Uint8Array.from(canonicalBytes({ type: 'manifest' }));
    const trap = digestOf(Buffer.from('trap'));
    await prisma.attempt.update({ where: { id: first.id }, data: { phase: 'released', manifestBody } });
    const version = { model: 'toy', version: 1, runId, round: 1, aggRoot: new Uint8Array(32) };
    await prisma.modelVersion.create({ data: { ...version, digest: trap, parentDigest: trap } });
    const modelHash = toBase64url(hashOfDigest(trap));
    const prevManifest = toBase64url(sha256(manifestBody));
    expect(await askForRound(2, { modelHash, prevManifest })).toEqual({ refused: 'PLAN_DIFFERS' });
  });

  it('carry no decision on invented facts, though the engine would allow them', async () => {
    const { db, log, policy } = world.worker;
    const real = await db.prisma.policyDecision.findUniqueOrThrow({ where: { id: first.decisionId } });
    const request = parseDecisionInput(real.input);
    const invented: PolicyRequest = { ...request, context: { ...request.context, epsSpentMicro: 0, cohortSize: 4 } };
    expect(policy.decide(invented).effect).toBe('allow');
    const { bytes, digest: inputDigest } = decisionInput(invented);
    const decisionId = randomUUID();
    await db.prisma.policyDecision.create({
      data: { ...real, id: decisionId, inputDigest, input: Uint8Array.from(bytes) },
    });
    const actor = { kind: 'service', ref: 'coordinator', via: 'policy' } as const;
    const said = { action: 'startRound', effect: 'allow', cause: real.cause, reasons: real.reasons } as const;
    const leaf = { type: 'policy.decided', actor, decisionId, inputDigest, bundle: policy.digest, ...said } as const;
    await db.transaction((tx) => log.appendLeaf(tx, leaf));
    expect(await askForRetry({ decisionId })).toEqual({ refused: 'POLICY' });
  });

  it('do not carry a true decision that the log does not know', async () => {
    const { db } = world.worker;
    const real = await db.prisma.policyDecision.findUniqueOrThrow({ where: { id: first.decisionId } });
    const decisionId = randomUUID();
    await db.prisma.policyDecision.create({ data: { ...real, id: decisionId } });
    expect(await askForRetry({ decisionId })).toEqual({ refused: 'POLICY' });
  });

  it('pass when every fact is the true one', async () => {
    expect(await askForRetry()).toHaveProperty('result');
  });
});

describe('who asked for a plan', () => {
  it('is the person whom the log names, whatever the plan’s row says', async () => {
    const superuser = new Client({ connectionString: world.urls.superuser });
    await superuser.connect();
    await superuser.query(`UPDATE plan SET requester_ref = $1`, [newRef()]);
    await superuser.query(`INSERT INTO plan (digest, bytes, name, requester_ref)
      SELECT 'sha256:' || repeat('0', 64), bytes, name, requester_ref FROM plan`);
    await superuser.end();
    const context = { tx: world.api.db.prisma, log: world.api.log };
    const plan = await createMemo().plan(context, approved.planDigest);
    expect(plan?.requesterRef).toBe(approved.operator.userRef);
    expect(await createMemo().plan(context, `sha256:${'0'.repeat(64)}`)).toBeUndefined();
  });
});

describe('a roster that replaces another', () => {
  async function publish(change: object): Promise<{ body: Buffer; hash: Buffer }> {
    const { db, log } = world.api;
    const old = await db.prisma.roster.findFirstOrThrow({ where: { epoch: 1 } });
    const fields = JSON.parse(Buffer.from(old.body).toString('utf8'));
    const prevRoster = toBase64url(rosterHash(old.body));
    const body = canonicalBytes({ ...fields, epoch: 2, prevRoster, ...change });
    const hash = rosterHash(body);
    const roster = parseRoster(body);
    const actor = { kind: 'person', ref: newRef(), via: 'management' } as const;
    await db.transaction(async (tx) => {
      const row = { hash: Uint8Array.from(hash), rosterId: roster.rosterId, epoch: 2, body: Uint8Array.from(body) };
      await tx.roster.create({ data: row });
      const leaf = { type: 'roster.published', actor, ...rosterLeafFields({ roster, hash }, []) } as const;
      await log.appendLeaf(tx, leaf, { gated: true });
    });
    return { body, hash };
  }

  const effective = async () =>
    (await publishedEpochs(world.api.db.prisma, world.origin)).filter((e) => e.effective).map((e) => e.roster.epoch);

  it('is not in force because a row says so, and ends what began under the old one when its members say so', async () => {
    const { db, log } = world.api;
    const { hash } = await publish({});
    const approve = (idx: number, key = generateEd25519()) =>
      db.prisma.rosterApproval.create({
        data: {
          rosterHash: Uint8Array.from(hash),
          idx,
          message: Uint8Array.from(encodeSigned(rosterApproval(idx, hash, key))),
        },
      });
    await approve(1);
    await db.prisma.roster.update({ where: { hash: Uint8Array.from(hash) }, data: { effectiveAt: new Date() } });
    expect(await effective()).toEqual([1]);
    expect(await askForRetry()).toHaveProperty('result');
    await db.prisma.roster.update({ where: { hash: Uint8Array.from(hash) }, data: { effectiveAt: null } });
    for (const { idx, rosterKey } of world.tenants.slice(1)) await approve(idx, rosterKey);
    const settled = async () => {
      await db.transaction((tx) => settleRosters(log, tx));
      return (await effective()).includes(2) ? true : undefined;
    };
    expect(await world.api.notify.wait('sumveil_quorum', settled, { timeoutMs: 10_000 })).toBe(true);
    expect(await askForRetry()).toEqual({ refused: 'ROSTER' });
    await world.worker.db.prisma.attempt.updateMany({
      where: { runId },
      data: { phase: 'failed' },
    });
    expect(await open(runId)).toBeUndefined();
    const run = await db.prisma.run.findUniqueOrThrow({ where: { id: runId } });
    expect([run.state, run.reason]).toEqual(['paused', 'roster-superseded']);
  });
});
