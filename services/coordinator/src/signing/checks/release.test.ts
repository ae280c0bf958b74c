import { parsePlan, parseRoster } from '@sumveil/secagg';
import { digestOf, writtenDigest } from '@sumveil/wire';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decide } from '../../features/decisions/decide.ts';
import { judgeCohort } from '../../features/decisions/facts.ts';
import { sequenced } from '../../log/testing/leaves.ts';
import { loadPlan } from '../../plan/approved-plan.ts';
import type { CheckContext } from '../check.ts';
import { loadSignerKeys } from '../key-files.ts';
import { createMemo } from '../memo.ts';
import { openNext, startGrantedRun, submitToyPlan } from '../testing/approved-run.ts';
import { type EvidenceWorld, openWorld, startTestPostgres } from '../testing/world.ts';
import type { SignedAttempt } from './attempt.ts';
import { releaseFault } from './release.ts';

let postgres: Awaited<ReturnType<typeof startTestPostgres>>;
let world: EvidenceWorld;
let context: CheckContext;
let opened: SignedAttempt;
/** Of a true decision to release. */
let decisionId: string;

const body = Buffer.from('manifest');
const aggRoot = new Uint8Array(32).fill(5);
const ZERO = `sha256:${'0'.repeat(64)}`;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await openWorld(postgres);
  await world.signer();
  await world.publishRoster();
  world.startWitnesses();
  const { db, notify } = world.worker;
  const inForce = async () => (await db.prisma.roster.count({ where: { effectiveAt: { not: null } } })) || undefined;
  await notify.wait('sumveil_run', inForce, { timeoutMs: 10_000 });
  const approved = await submitToyPlan(world);
  const runId = await startGrantedRun(world, approved);
  const id = (await openNext(world, runId))!;
  const row = await db.prisma.attempt.findUniqueOrThrow({ where: { id } });
  const roster = parseRoster((await db.prisma.roster.findFirstOrThrow()).body);
  opened = { row: { ...row, aggRoot }, plan: parsePlan(row.planBody), roster };
  const plan = await loadPlan(db.prisma, approved.planDigest);
  decisionId = await db.transaction(async (tx) => {
    const cohort = await judgeCohort(tx, plan, roster, plan.manifest.cohort.members);
    const action = 'releaseAggregate' as const;
    return (await decide(world.worker, tx, { action, plan, runId, runExists: true, cohort })).decisionId;
  });
  const keys = loadSignerKeys(world.keysFolder);
  const { prisma: tx } = db;
  context = {
    ...world.worker,
    tx,
    now: new Date(),
    orderedAt: new Date(),
    keys,
    trustDomain: 'sumveil.test',
    memo: createMemo(),
  };
}, 90_000);

afterAll(async () => {
  await world.close();
  await postgres.stop();
});

interface Released {
  aggRoot: string;
  manifestDigest: string;
  chargeId: string;
  decisionId: string;
}

/** What the signer thinks of an attempt whose logged release is true but for `change`. */
async function released(attempt: number, change: (right: Released) => Partial<Released> = () => ({})) {
  const { db, log } = world.worker;
  const { runId, round } = opened.row;
  const chargeId = `charge-${attempt}`;
  const money = { epsilonMicro: 0n, totalMicro: 0n, capMicro: 0n, deltaInv: 1n };
  await db.prisma.privacyCharge.create({
    data: { chargeId, ledgerRef: 'toy', runId, round, attempt, mechanism: 'none', ...money },
  });
  const fields = { aggRoot: writtenDigest(aggRoot), manifestDigest: digestOf(body), chargeId, decisionId };
  const actor = { kind: 'service', ref: 'coordinator', via: 'worker' } as const;
  const place = { run: runId, round, attempt };
  const leaf = { type: 'aggregate.released', actor, ...place, ...fields, ...change(fields) } as const;
  const { key } = await db.transaction((tx) => log.appendLeaf(tx, leaf, { gated: true }));
  await sequenced(world, key);
  return releaseFault(context, { ...opened, row: { ...opened.row, attempt } }, body);
}

it('is accepted when the log names this manifest, this sum, its charge and a decision that holds', async () => {
  expect(await released(1)).toBeUndefined();
});

it('is refused when the logged release names something else', async () => {
  expect(await released(2, () => ({ manifestDigest: ZERO }))).toBe('SECRETS');
  expect(await released(3, () => ({ aggRoot: ZERO }))).toBe('SECRETS');
  expect(await released(4, () => ({ chargeId: 'charge-1' }))).toBe('CHARGE');
  expect(await released(5, () => ({ decisionId: opened.row.decisionId }))).toBe('POLICY');
});

it('is refused when nothing is logged', async () => {
  expect(await releaseFault(context, { ...opened, row: { ...opened.row, attempt: 9 } }, body)).toBe('SECRETS');
});
