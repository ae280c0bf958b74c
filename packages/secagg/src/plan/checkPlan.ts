import { type Signed, verifyBody } from '@sumveil/wire';
import { refuseUnless, SecaggError } from '../error.ts';
import { decodeField } from '../messages/fields.ts';
import { checkLocalFloors, type LocalFloors } from '../parameters.ts';
import type { Roster } from '../roster/roster.ts';
import type { Reveal } from './groups.ts';
import { parsePlan, type RoundPlan } from './plan.ts';
import { parsePlanFile } from './planFileSchema.ts';
import { type RoundArgs, roundPlan } from './roundPlan.ts';

declare const checked: unique symbol;
/** A plan that {@link checkPlan} has let through; the tenant's steps take nothing else. */
export type CheckedPlan = RoundPlan & { readonly [checked]: true };

/** Clocks may differ by this much when the first deadline is compared with the time of receipt (section 4). */
const CLOCK_MS = 60_000;

export interface PlanCheck {
  readonly plan: Signed;
  /** the roster this tenant pinned */
  readonly roster: Roster;
  /** own roster index */
  readonly idx: number;
  readonly planFile: Uint8Array;
  /** DSSE payload of the grant whose signature and approvals the gate has checked */
  readonly grantPayload: Uint8Array;
  /** local policy; missing fields mean the defaults */
  readonly floors: LocalFloors;
  /** ms since 1970 */
  readonly now: number;
  /** m2Sent of an earlier attempt of this round: its integers may not enter another attempt (section 15) */
  readonly spent: boolean;
  readonly reveals?: readonly Reveal[];
}

/**
 * R0 checks of a tenant on a signed plan (sections 4, 10, 15): coordinator signature, byte equality with `roundPlan` of what
 * people approved, own seat, local floors, clock, and that this version can do all that the plan asks for. Replay counters
 * (round, attempt, retryOf, prevManifest) are the caller's, because they live on disk.
 *
 * @throws SecaggError `REFUSED`, `PLAN`, `PLAN_FILE`, `LOCAL_POLICY` or `UNSUPPORTED`
 */
export function checkPlan(check: PlanCheck): CheckedPlan {
  const { roster, idx, planFile, grantPayload, floors, now, reveals } = check;
  refuseUnless(
    verifyBody('plan', check.plan, decodeField(roster.coordinatorKey)),
    'the plan is not signed by the coordinator',
  );
  const plan = parsePlan(check.plan.body);
  const expected = roundPlan({ planFile, grantPayload, roster }, argsOfPlan(plan, reveals));
  refuseUnless(expected.equals(check.plan.body), 'the plan is not roundPlan of its plan file, grant and roster');
  refuseUnless(plan.cohort.includes(idx), 'this tenant is not in the cohort');
  checkLocalFloors({ n: plan.cohort.length, c: plan.c }, floors);
  checkClock(plan, planFile, now);
  checkSupported(plan, check.spent);
  return plan as CheckedPlan;
}

/** Arguments that a plan claims, for computing it again. */
export function argsOfPlan(plan: RoundPlan, reveals?: readonly Reveal[]): RoundArgs {
  const { round, attempt, retryOf, prevManifest, modelHash, deadlines, group } = plan;
  return { round, attempt, retryOf, prevManifest, modelHash, deadlines, reveals, index: group?.index };
}

function checkClock(plan: RoundPlan, planFile: Uint8Array, now: number): void {
  refuseUnless(now < plan.expires, 'the plan has expired');
  const most = parsePlanFile(planFile).file.deadlines.advertise[1];
  refuseUnless(plan.deadlines[0] <= now + most * 1000 + CLOCK_MS, 'the first deadline is too far away');
}

/** Refused, never ignored: an attempt run without something its plan promises would break that promise silently. */
function checkSupported(plan: RoundPlan, spent: boolean): void {
  const missing =
    (plan.mode !== 'complete' && 'mode graph') ||
    (plan.rounding !== 'nearest' && 'rounding stochastic') ||
    (plan.dp.mech !== 'none' && 'dp.mech ddg') ||
    (plan.auxNoise.sigma2 !== '0' && 'auxNoise') ||
    (plan.group !== undefined && 'group');
  if (missing) {
    throw new SecaggError('UNSUPPORTED', `This connector does not support ${missing} yet. Submit a plan without it.`);
  }
  if (spent) {
    throw new SecaggError(
      'UNSUPPORTED',
      'The update of this round has been sent; a retry of it is refused. Wait for the next round.',
    );
  }
}
