import { randomUUID } from 'node:crypto';
import { verifyGrant } from '@sumveil/approvals';
import { argsOfPlan, parsePlan, roundPlan } from '@sumveil/secagg';
import { canonicalBytes, digestOf, parseDsse, signBody, toBase64url, verifyBody } from '@sumveil/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerRequest } from './answer.ts';
import { loadSignerKeys } from './key-files.ts';
import { createMemo } from './memo.ts';
import type { RunningSigner } from './run-signer.ts';
import { type ApprovedWorld, openNext, startGrantedRun, submitToyPlan } from './testing/approved-run.ts';
import { askSigner, leafWith, type Question } from './testing/ask.ts';
import { type EvidenceWorld, openWorld, startTestPostgres } from './testing/world.ts';

let postgres: Awaited<ReturnType<typeof startTestPostgres>>;
let world: EvidenceWorld;
let signer: RunningSigner;
let approved: ApprovedWorld;
let runId: string;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await openWorld(postgres);
  signer = await world.signer();
  await world.publishRoster();
  world.startWitnesses();
  const { db, notify } = world.api;
  const inForce = async () => (await db.prisma.roster.count({ where: { effectiveAt: { not: null } } })) || undefined;
  await notify.wait('sumveil_run', inForce, { timeoutMs: 10_000 });
  approved = await submitToyPlan(world);
  runId = await startGrantedRun(world, approved);
}, 90_000);

afterAll(async () => {
  await world.close();
  await postgres.stop();
});

const ask = (...question: Question) => askSigner(world, ...question);

const leafExists = (part: string) => leafWith(world, part);

describe('grants', () => {
  it('are signed when every approval holds, and verify with the roster’s grant key', async () => {
    const grant = await world.api.db.prisma.grant.findFirstOrThrow({ where: { runId } });
    expect(verifyGrant(parseDsse(grant.envelope), world.published.grantKey).cohort.members).toHaveLength(5);
    expect(await world.api.log.covered(grant.leafKey)).toBe(true);
  });

  interface Payload {
    cohort: { min: number; members: string[] };
    expiresAt: number;
    approvals: unknown[];
  }
  const altered: [string, string, (grant: Payload) => unknown][] = [
    [
      'a cohort that is not exactly those who approved',
      'COHORT',
      (g) => ({ ...g, cohort: { ...g.cohort, members: g.cohort.members.slice(1) } }),
    ],
    ['a life beyond the approvals', 'APPROVALS', (g) => ({ ...g, expiresAt: g.expiresAt + 1 })],
    ['an approval left out', 'APPROVALS', (g) => ({ ...g, approvals: g.approvals.slice(1) })],
    ['other code', 'PLAN_DIFFERS', (g) => ({ ...g, codeDigest: digestOf(Buffer.from('other')) })],
    ['another decision', 'POLICY', (g) => ({ ...g, decisionId: randomUUID() })],
    ['an unknown field', 'FORMAT', (g) => ({ ...g, more: 1 })],
    ['a roster nobody published', 'ROSTER', (g) => ({ ...g, rosterHash: digestOf(Buffer.from('x')) })],
  ];
  it.each(altered)('are refused for %s', async (_, code, change) => {
    const row = await world.api.db.prisma.grant.findFirstOrThrow({ where: { runId } });
    const grantId = `grant-${randomUUID()}`;
    const payload = { ...JSON.parse(Buffer.from(row.payload).toString()), grantId };
    expect(await ask('grant', grantId, canonicalBytes(change(payload)))).toEqual({ refused: code });
    expect(await leafExists(`["sign.refused","grant","${grantId}","${code}"]`)).toBe(true);
  });
});

describe('round plans and lists', () => {
  let attemptId: string;
  let body: Buffer;

  beforeAll(async () => {
    attemptId = (await openNext(world, runId))!;
    body = Buffer.from((await world.worker.db.prisma.attempt.findUniqueOrThrow({ where: { id: attemptId } })).planBody);
  });

  it('a plan that follows from file, grant and roster is signed with the coordinator key', async () => {
    const sig = await world.worker.sign.awaitSignature('plan', `${runId}/1/0`, { timeoutMs: 10_000 });
    expect(verifyBody('plan', { body, sig }, Buffer.from(world.published.coordinatorKey, 'base64url'))).toBe(true);
    await world.worker.db.prisma.attempt.update({ where: { id: attemptId }, data: { planSig: Uint8Array.from(sig) } });
  });

  it('a plan with another model, sequence or field than the rows give is refused', async () => {
    const { db } = world.worker;
    const row = await db.prisma.attempt.findUniqueOrThrow({ where: { id: attemptId } });
    const grant = await db.prisma.grant.findFirstOrThrow({ where: { runId } });
    const plan = await db.prisma.plan.findUniqueOrThrow({ where: { digest: approved.planDigest } });
    const { parseRoster } = await import('@sumveil/secagg');
    const roster = parseRoster((await db.prisma.roster.findFirstOrThrow()).body);
    const other = async (
      round: number,
      change: Partial<ReturnType<typeof argsOfPlan>>,
      edit = (bytes: Buffer) => bytes,
    ) => {
      const args = { ...argsOfPlan(parsePlan(body)), round, ...change };
      const bytes = edit(roundPlan({ planFile: plan.bytes, grantPayload: grant.payload, roster }, args));
      const planHash = Uint8Array.from(Buffer.from(digestOf(bytes).slice(7), 'hex'));
      await db.prisma.attempt.create({
        data: { ...row, id: randomUUID(), round, planBody: Uint8Array.from(bytes), planHash, planSig: null },
      });
      return ask('plan', `${runId}/${round}/0`, bytes);
    };
    const hash = toBase64url(Buffer.alloc(32, 7));
    expect(await other(2, { modelHash: hash })).toEqual({ refused: 'PLAN_DIFFERS' });
    expect(await ask('plan', `${runId}/1/1`, body)).toEqual({ refused: 'UNKNOWN_SUBJECT' });
  });

  it('a list needs a verified message of every member, enough of them, and only those', async () => {
    const { db } = world.worker;
    const plan = parsePlan(body);
    const { listBody } = await import('@sumveil/secagg');
    const { sha256 } = await import('@sumveil/wire');
    const bodies = new Map<number, Buffer>();
    for (const tenant of world.tenants.slice(0, 4)) {
      const key = toBase64url(Buffer.alloc(32, tenant.idx));
      const m0 = canonicalBytes({
        type: 'm0',
        v: 1,
        planHash: toBase64url(plan.planHash),
        idx: tenant.idx,
        cKey: key,
        sKey: key,
        bCommit: key,
      });
      bodies.set(tenant.idx, m0);
      const { sig } = signBody('m0', m0, tenant.idx === 4 ? world.tenants[0]!.rosterKey : tenant.rosterKey);
      await world.api.db.prisma.message.create({
        data: {
          attemptId,
          kind: 'm0',
          idx: tenant.idx,
          body: Uint8Array.from(m0),
          sig: Uint8Array.from(sig),
          serial: 'A',
        },
      });
    }
    const list = (members: number[]) =>
      listBody(
        plan.planHash,
        'u1',
        members.map((idx) => ({ idx, bodyHash: sha256(bodies.get(idx) ?? Buffer.alloc(1)) })),
      );
    const twin = async (subject: string, members: number[]) => ask('list', subject, list(members));
    expect(plan.minSurvivors).toBe(4);
    expect(await twin(`${randomUUID()}/u1`, [1, 2, 3])).toEqual({ refused: 'UNKNOWN_SUBJECT' });
    // Member 4's message carries the signature of another tenant.
    expect(await twin(`${attemptId}/u1`, [1, 2, 3, 4])).toEqual({ refused: 'LIST_DIFFERS' });
    expect(await ask('list', `${attemptId}/u2`, list([1, 2, 3]))).toEqual({ refused: 'LIST_DIFFERS' });
    expect(await ask('manifest', attemptId, Buffer.from('{}'))).toEqual({ refused: 'LIST_DIFFERS' });
    await db.ping();
  });
});

describe('broken requests', () => {
  it('are refused like any other, however many there are, and hold up nobody', async () => {
    const attempt = (await world.worker.db.prisma.attempt.findFirstOrThrow({ where: { runId, round: 1 } })).id;
    expect(await ask('list', `${attempt}/u3`, Buffer.from('null'))).toEqual({ refused: 'FORMAT' });
    // Refused by Postgres itself, which leaves the transaction of the check unusable.
    expect(await ask('manifest', '-'.repeat(36), Buffer.from('{}'))).toEqual({ refused: 'FORMAT' });
    expect(await ask('nonsense' as never, 'x', Buffer.from('x'))).toEqual({ refused: 'FORMAT' });
    await world.worker.db.prisma.$executeRaw`
      INSERT INTO sign_request (kind, subject, body)
      SELECT 'list', ${attempt} || '/u3/' || n, convert_to('null', 'UTF8') FROM generate_series(1, 300) n`;
    expect(await ask('report', 'behind', Buffer.from('{}'))).toEqual({ refused: 'UNKNOWN_SUBJECT' });
    const open = { kind: 'list', subject: { startsWith: `${attempt}/u3/` }, signature: null };
    expect(await world.worker.db.prisma.signRequest.count({ where: open })).toBeLessThan(4);
  });
});

describe('withdrawals', () => {
  it('a grant asked for after somebody withdrew is refused', async () => {
    const tenant = world.tenants[2]!;
    const row = await world.api.db.prisma.grant.findFirstOrThrow({ where: { runId } });
    await approved.say(tenant, approved.approversOf.get(tenant.ref)![0]!, 'withdrawn');
    const grantId = `grant-${randomUUID()}`;
    const payload = { ...JSON.parse(Buffer.from(row.payload).toString()), grantId };
    const refused = await ask('grant', grantId, canonicalBytes(payload));
    expect(['COHORT', 'APPROVALS']).toContain((refused as { refused: string }).refused);
  });
});

describe('one active', () => {
  it('a second signer waits, takes over, and the stale one’s work leaves nothing', async () => {
    const second = await world.signer();
    expect([signer.active(), second.active()]).toEqual([true, false]);
    const stale = await world.api.db.prisma.lease.findUniqueOrThrow({ where: { resource: 'signer' } });
    await signer.stop();
    const takenOver = async () => (second.active() ? true : undefined);
    expect(await world.api.notify.wait('sumveil_leaf', takenOver, { timeoutMs: 5_000 })).toBe(true);
    const { sign: _, ...deps } = world.worker;
    const context = {
      ...deps,
      keys: loadSignerKeys(world.keysFolder),
      trustDomain: 'sumveil.test',
      memo: createMemo(),
    };
    const [request] = await world.worker.db.prisma.signRequest.findMany({ where: { kind: 'plan' }, take: 1 });
    const lease = { ...stale, signal: new AbortController().signal };
    const answer = world.worker.db.transaction((tx) => answerRequest(tx, lease, context, request as never));
    await expect(answer).rejects.toMatchObject({ code: 'FENCED' });
    const subject = `grant-${randomUUID()}`;
    expect(await ask('grant', subject, Buffer.from('{}'))).toEqual({ refused: 'FORMAT' });
  });
});
