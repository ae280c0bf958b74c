import { argsOfPlan, parsePlan, roundPlan } from '@sumveil/secagg';
import { signBody, writtenDigest } from '@sumveil/wire';
import { type Check, ownRoster } from '../check.ts';
import { refuse } from '../refusal.ts';
import { decisionHolds } from './decision.ts';
import { issuedGrant } from './granted.ts';
import { argsHold } from './sequence.ts';

const bytes = (text: string) => Buffer.from(text, 'base64url');

/** The first deadline may be that far off for clocks (secure-aggregation.md section 4). */
const CLOCK_MS = 60_000;

/**
 * A round plan is signed when it equals `roundPlan(...)` of the approved file, the grant and the roster, its arguments are
 * those of the rows, and the grant stands under a quorum: the coordinator decides nothing that people did not approve.
 */
export const checkPlan: Check = async (context, subject, body) => {
  const { tx, log } = context;
  const plan = parsePlan(body);
  const { jobId: runId, round, attempt } = plan;
  if (subject !== `${runId}/${round}/${attempt}`) return refuse('UNKNOWN_SUBJECT');
  if (await log.frozen(tx)) return refuse('FROZEN');
  const row = await tx.attempt.findUnique({ where: { runId_round_attempt: { runId, round, attempt } } });
  if (!row || !Buffer.from(row.planBody).equals(body)) return refuse('UNKNOWN_SUBJECT');
  const own = await ownRoster(context, writtenDigest(bytes(plan.rosterHash)));
  if (!own || own.superseded) return refuse('ROSTER');
  const { roster } = own;
  const granted = await issuedGrant(context, plan, roster);
  if (!granted) return refuse('PLAN_DIFFERS');
  const { grant, approved, leafKey } = granted;
  const args = argsOfPlan(plan);
  const expected = roundPlan({ planFile: approved.bytes, grantPayload: grant.payload, roster }, args);
  if (!expected.equals(body) || !(await argsHold(context, plan, approved))) return refuse('PLAN_DIFFERS');
  const most = approved.manifest.deadlines.advertise[1] * 1000;
  if (plan.deadlines[0] > context.now.getTime() + most + CLOCK_MS) return refuse('PLAN_DIFFERS');
  const eligible = grant.cohort.members;
  const cohort = await context.memo.cohort(tx, { plan: approved, roster, eligible, now: context.now });
  if (cohort.members.length !== eligible.length) return refuse('APPROVALS');
  const { decisionId } = row;
  if (!(await decisionHolds(context, { decisionId, action: 'startRound', runId, plan: approved, cohort })))
    return refuse('POLICY');
  if (!(await log.covered(leafKey, tx))) return { wait: 'quorum' };
  return { sign: signBody('plan', body, context.keys.coordinator).sig };
};
