import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gateRequest } from './build.ts';
import type { DecisionTable } from './decision-table.ts';
import type { GateFacts } from './facts.ts';
import { loadBundleFromFolder } from './folder.ts';

const folder = fileURLToPath(new URL('../../../policies', import.meta.url));
const bundle = loadBundleFromFolder(folder);
const base = (JSON.parse(readFileSync(`${folder}/tests/gate.json`, 'utf8')) as DecisionTable)
  .facts as unknown as GateFacts;

const around = (middle: number, reach: number) => fc.integer({ min: middle - reach, max: middle + reach });
const most = (...values: string[]) => fc.subarray(values, { minLength: values.length - 1 });
const action = fc.constantFrom('startRun', 'startRound', 'releaseAggregate');

/** Facts around every threshold, so that a good part of them is allowed. */
const anyFacts: fc.Arbitrary<GateFacts> = fc
  .record({
    now: around(1_994, 7),
    cohortSize: fc.integer({ min: 3, max: 9 }),
    minCohort: fc.integer({ min: 3, max: 5 }),
    epsSpentMicro: fc.integer({ min: 0, max: 8_000_000 }),
    epsNextMicro: fc.integer({ min: 0, max: 1_000_000 }),
    distinctApprovers: fc.integer({ min: 2, max: 6 }),
    needApprovers: fc.integer({ min: 2, max: 3 }),
    approvedRoles: most('data-steward', 'privacy-officer', 'ethics-board'),
    cohortRegions: fc.subarray(['eu', 'uk', 'us'], { minLength: 1, maxLength: 2 }),
    allowedRegions: most('eu', 'uk', 'us'),
  })
  .map(({ minCohort, needApprovers, allowedRegions, ...facts }) => ({
    ...base,
    ...facts,
    run: { ...base.run, minCohort, needApprovers },
    model: { ...base.model, allowedRegions },
  }));

/** Each makes the facts worse, or leaves them as they are; `by` is at least 0. */
const worse: Record<string, (facts: GateFacts, by: number) => GateFacts> = {
  'more ε for the next round': (f, by) => ({ ...f, epsNextMicro: f.epsNextMicro + by * 800_000 }),
  'more ε spent': (f, by) => ({ ...f, epsSpentMicro: f.epsSpentMicro + by * 800_000 }),
  'a smaller budget': (f, by) => ({ ...f, run: { ...f.run, epsBudgetMicro: f.run.epsBudgetMicro - by * 800_000 } }),
  'fewer people': (f, by) => ({ ...f, distinctApprovers: Math.max(0, f.distinctApprovers - by) }),
  'more people needed': (f, by) => ({ ...f, run: { ...f.run, needApprovers: f.run.needApprovers + by } }),
  'fewer roles granted': (f, by) => ({ ...f, approvedRoles: f.approvedRoles.slice(by) }),
  'a smaller cohort': (f, by) => ({ ...f, cohortSize: Math.max(0, f.cohortSize - by) }),
  'an earlier expiry': (f, by) => ({ ...f, approvalsExpireAt: f.approvalsExpireAt - by }),
  'a later time': (f, by) => ({ ...f, now: f.now + by }),
  'fewer regions allowed': (f, by) => ({
    ...f,
    model: { ...f.model, allowedRegions: f.model.allowedRegions.slice(by) },
  }),
  'one region more in the cohort': (f, by) => ({
    ...f,
    cohortRegions: [...f.cohortRegions, ['eu', 'uk', 'us'][by % 3]!],
  }),
  'the requester approves': (f) => ({ ...f, requesterIsApprover: true }),
  'another plan': (f) => ({ ...f, planDigest: `sha256:${'33'.repeat(32)}` }),
};

describe('worse facts never turn deny into allow', () => {
  test.each(Object.entries(worse))('%s', (_, change) => {
    let allowed = 0;
    let turned = 0;
    fc.assert(
      fc.property(action, anyFacts, fc.nat({ max: 8 }), (name, facts, by) => {
        const before = bundle.decide(gateRequest(name, facts)).effect;
        const after = bundle.decide(gateRequest(name, change(facts, by))).effect;
        if (before === 'allow') allowed++;
        if (before === 'allow' && after === 'deny') turned++;
        return before === 'allow' || after === 'deny';
      }),
      { numRuns: 150 },
    );
    // The property would hold of a bundle that allows nothing, or that looks at nothing.
    expect(allowed).toBeGreaterThan(5);
    expect(turned).toBeGreaterThan(0);
  });
});
