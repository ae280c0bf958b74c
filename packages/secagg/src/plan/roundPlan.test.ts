import { generateKeyPairSync } from 'node:crypto';
import { signBody } from '@sumveil/wire';
import { describe, expect, it } from 'vitest';
import { parseRoster } from '../roster/roster.ts';
import { hex, utf8, vectors } from '../testing/vectors.ts';
import { checkPlan } from './checkPlan.ts';
import { parsePlan } from './plan.ts';
import { readPlanFile } from './planFile.ts';
import { type RoundArgs, roundPlan } from './roundPlan.ts';

const file = vectors('round-plan');

interface Case {
  planFile: string;
  grant: string;
  roster: string;
  args: RoundArgs;
  body: string;
  sig: string;
  planHash: string;
}

type Changed = Partial<Case> & { of: string; why: string };

const cases = new Map<string, Case>();
for (const entry of file.cases) cases.set(entry.name, { ...cases.get(entry.sameFilesAs), ...entry });

function compute({ planFile, grant, roster, args }: Case): Buffer {
  return roundPlan({ planFile: utf8(planFile), grantPayload: utf8(grant), roster: parseRoster(utf8(roster)) }, args);
}

describe('roundPlan', () => {
  it.each([...cases.values()])('gives the body of case $name', (entry) => {
    expect(compute(entry).toString()).toBe(entry.body);
    expect(parsePlan(utf8(entry.body)).planHash).toEqual(hex(entry.planHash));
  });

  it.each((file.cases as (Case & { planValue?: unknown })[]).filter((entry) => entry.planValue))(
    'reads the plan file of $name',
    (entry) => {
      expect(readPlanFile(utf8(entry.planFile))).toEqual(entry.planValue);
    },
  );

  it.each(file.mustRefuse as Changed[])('refuses $of: $why', (entry) => {
    expect(() => compute({ ...cases.get(entry.of)!, ...entry })).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^PLAN/) }),
    );
  });
});

describe('a connector', () => {
  function check(entry: Case, over: Partial<Parameters<typeof checkPlan>[0]> = {}) {
    return checkPlan({
      plan: { body: utf8(entry.body), sig: Buffer.from(entry.sig, 'base64url') },
      roster: parseRoster(utf8(entry.roster)),
      idx: parsePlan(utf8(entry.body)).cohort[0]!,
      planFile: utf8(entry.planFile),
      grantPayload: utf8(entry.grant),
      floors: {},
      now: entry.args.deadlines[0]! - 1000,
      spent: false,
      ...over,
    });
  }

  it('takes the plan that people approved', () => {
    expect(check(cases.get('plain-round-12')!).round).toBe(12);
  });

  it.each(file.notTheSame as Changed[])('refuses a signed body: $of, $why', (entry) => {
    const changed = { ...cases.get(entry.of)!, ...entry };
    const reveals = changed.args.reveals;
    expect(() => check(changed, reveals ? { reveals } : {})).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^(REFUSED|PLAN)$/) }),
    );
  });

  it('refuses the signature of another key', () => {
    const entry = cases.get('plain')!;
    const plan = signBody('plan', utf8(entry.body), generateKeyPairSync('ed25519').privateKey);
    expect(() => check(entry, { plan })).toThrow(
      expect.objectContaining({ detail: expect.stringContaining('not signed') }),
    );
  });

  it.each([
    ['private', 'rounding stochastic'],
    ['grouped', 'group'],
  ])('names what it cannot do in case %s', (name, field) => {
    const reveals = cases.get(name)!.args.reveals;
    expect(() => check(cases.get(name)!, reveals ? { reveals } : {})).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining(field) }),
    );
  });

  it('refuses what it has already sent, what has expired, what is not its own and what its policy forbids', () => {
    const entry = cases.get('plain')!;
    expect(() => check(entry, { spent: true })).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
    expect(() => check(entry, { now: 1800004320000 })).toThrow(/check of this attempt/);
    expect(() => check(entry, { now: entry.args.deadlines[0]! - 700_000 })).toThrow(/check of this attempt/);
    expect(() => check(entry, { idx: 8 })).toThrow(/check of this attempt/);
    expect(() => check(entry, { floors: { minCohort: 10 } })).toThrow(
      expect.objectContaining({ code: 'LOCAL_POLICY' }),
    );
  });
});
