import { type CheckedPlan, checkPlan, type Roster, readPlanFile, ZERO_HASH } from '@sumveil/secagg';
import { fromBase64url, manifestFaults, memberByTenant } from '@sumveil/wire';
import type { GateContext } from './context.ts';
import { digestText } from './grant.ts';
import type { Material } from './material.ts';
import { GateRefusal, under } from './verdict.ts';

/**
 * GATE_PROTOCOL: the signed round plan is byte for byte what plan file, grant and roster lead to, this release can do all it
 * asks for, it neither repeats nor goes back (secure-aggregation sections 4 and 15), and it trains the model that this connector
 * computed from the last sum by itself.
 */
export function checkProtocol(material: Material, context: GateContext, roster: Roster): CheckedPlan {
  const { raw, grantPayload, signedPlan, plan } = material;
  const unsupported = manifestFaults(readPlanFile(raw.planFile))[0];
  if (unsupported) throw new GateRefusal('GATE_PROTOCOL', `${unsupported.path}: ${unsupported.message}`);
  const earlier = context.attempts.filter((row) => row.round === plan.round);
  const checked = under('GATE_PROTOCOL', () =>
    checkPlan({
      plan: signedPlan,
      roster,
      idx: memberByTenant(roster, context.tenantRef)!.idx,
      planFile: raw.planFile,
      grantPayload,
      floors: context.policy,
      now: context.now,
      spent: earlier.some((row) => row.m2Sent || row.m4Sent),
    }),
  );
  const replay = replayFault(material, context);
  if (replay) throw new GateRefusal('GATE_PROTOCOL', replay);
  return checked;
}

function replayFault({ plan, planDigest, manifest }: Material, { job, attempts }: GateContext): string | undefined {
  if (plan.round <= job.finishedRound) return 'the round is not above the last finished one';
  const open = Math.max(0, ...attempts.map((row) => row.round));
  if (plan.round < open) return 'the round is below one that was joined already';
  const sameRound = attempts.filter((row) => row.round === plan.round);
  if (sameRound.some((row) => row.attempt >= plan.attempt)) return 'the attempt is not above those of this round';
  const previous = sameRound.find((row) => row.attempt === plan.attempt - 1);
  if (previous && plan.retryOf !== previous.planHash) return 'retryOf is not the plan of the attempt before';
  if ((plan.attempt === 0) !== (plan.retryOf === ZERO_HASH)) return 'retryOf is zero exactly in attempt 0';
  if (plan.prevManifest !== job.lastManifest) return 'prevManifest is not the last manifest this connector holds';
  if (job.planDigest !== null && job.planDigest !== planDigest) return 'the rounds before had another plan file';
  // A model of the coordinator's own making could be shaped so that a sum of updates tells about one tenant.
  if (digestText(fromBase64url(plan.modelHash, 32)) !== (job.model ?? manifest.model.digest))
    return 'modelHash is not the base model, or not the model that the last sum leads to';
  return undefined;
}
