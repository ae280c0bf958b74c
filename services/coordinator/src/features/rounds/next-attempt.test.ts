import { afterAll, beforeAll, expect, it } from 'vitest';
import { openNext, startGrantedRun, submitToyPlan } from '../../signing/testing/approved-run.ts';
import { type EvidenceWorld, openWorld, startTestPostgres } from '../../signing/testing/world.ts';
import { roundDueWork } from './due-work.ts';
import { waitsUntil } from './next-attempt.ts';

let postgres: Awaited<ReturnType<typeof startTestPostgres>>;
let world: EvidenceWorld;
let runId: string;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await openWorld(postgres);
  await world.signer();
  await world.publishRoster();
  world.startWitnesses();
  const { db, notify } = world.worker;
  const inForce = async () => (await db.prisma.roster.count({ where: { effectiveAt: { not: null } } })) || undefined;
  await notify.wait('sumveil_run', inForce, { timeoutMs: 10_000 });
  runId = await startGrantedRun(world, await submitToyPlan(world));
}, 90_000);

afterAll(async () => {
  await world.close();
  await postgres.stop();
});

const held = (attemptAgain: number) => ({
  ...world.worker,
  timings: { ...world.worker.timings, unmoved: 1, attemptAgain },
});
const open = (attemptAgain: number) => openNext(world, runId, held(attemptAgain).timings);

const HOUR = 3_600_000;

it('an attempt that fails at once is followed after a pause that grows, and nothing of it counts as lost', async () => {
  const { db } = world.worker;
  const wait = () => waitsUntil(db.prisma, held(HOUR), runId);
  const booked = () =>
    db.prisma.outbox.findMany({ where: { topic: 'round.open', ref: runId, dedupe: { startsWith: 'again:' } } });
  const fail = async (id: string) =>
    db.prisma.attempt.update({ where: { id }, data: { phase: 'failed', failCode: 'QUORUM', endedAt: new Date() } });

  const first = (await open(HOUR))!;
  expect(await wait()).toBeNull();
  const { createdAt } = await fail(first);
  const until = new Date(createdAt.getTime() + HOUR);
  expect(await wait()).toEqual(until);
  expect(await open(HOUR)).toBeUndefined();
  expect((await booked()).map(({ availableAt }) => availableAt)).toEqual([until]);
  const runs = roundDueWork(held(HOUR) as never)[1]!;
  expect(await db.transaction((tx) => runs.find(tx))).toEqual([]);

  const second = (await open(1))!;
  const row = await fail(second);
  expect(row.attempt).toBe(1);
  expect(await wait()).toEqual(new Date(row.createdAt.getTime() + 4 * HOUR));
  expect(await open(HOUR)).toBeUndefined();
  expect(await open(1)).toBeDefined();
  expect(await wait()).toBeNull();
}, 30_000);
