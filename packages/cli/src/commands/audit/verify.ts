import { cohortOf, parseGrant } from '@sumveil/approvals';
import { bundleLock, loadBundleFromFiles, parseDecisionInput } from '@sumveil/policy';
import { argsOfPlan, parsePlan, parseRoster, readPlanFile, roundPlan } from '@sumveil/secagg';
import { type Replay, verifyBundle } from '@sumveil/transparency';
import { planManifest } from '@sumveil/wire';

/**
 * The rules that coordinator, signer and connectors apply, handed to the verifier: it recomputes round plans, cohorts and
 * policy decisions instead of believing what the bundle says about them.
 */
const replay: Replay = {
  parseGrant,
  cohortOf: (question) =>
    cohortOf({ ...question, eligible: [...question.eligible], approvals: [...question.approvals] }),
  planFacts(planFile) {
    const plan = planManifest.parse(readPlanFile(planFile));
    return {
      model: plan.model.name,
      modelDigest: plan.model.digest,
      codeDigest: plan.code.digest,
      eligible: plan.cohort.members,
      regions: plan.regions,
      minCohort: plan.cohort.min,
      epsilonTotalMicro: Math.round((plan.privacy.epsilonTotal ?? 0) * 1e6),
      needApprovers: plan.approvals.approvers,
      needRoles: plan.approvals.roles,
    };
  },
  roundPlan({ planFile, grantPayload, rosterBody }, body) {
    return roundPlan({ planFile, grantPayload, roster: parseRoster(rosterBody) }, argsOfPlan(parsePlan(body)));
  },
  decidePolicy(files, input) {
    const texts = Object.fromEntries([...files].map(([path, bytes]) => [path, Buffer.from(bytes).toString('utf8')]));
    return loadBundleFromFiles({ ...texts, 'bundle.lock': bundleLock(texts) }).decide(parseDecisionInput(input));
  },
};

/** Synchronous, no network, no clock: everything is judged by the bundle and the trust file alone. */
export function verify(bundle: Uint8Array, trust: Uint8Array | undefined): ReturnType<typeof verifyBundle> {
  return verifyBundle(bundle, { ...(trust ? { trust } : {}), replay });
}
