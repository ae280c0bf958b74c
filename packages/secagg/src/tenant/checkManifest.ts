import { type Signed, verifyBody } from '@sumveil/wire';
import { matchesCommitment, matchesMaskKeys } from '../coordinator/recover.ts';
import { refuseUnless } from '../error.ts';
import { decodeField, parseMessage } from '../messages/fields.ts';
import { type M0, type Manifest, m0Schema, manifestSchema } from '../messages/messages.ts';
import { openTenantMessage } from '../messages/open.ts';
import { chunkLayout } from '../plan/chunks.ts';
import type { RoundPlan } from '../plan/plan.ts';
import type { Roster } from '../roster/roster.ts';
import { decodeScalar } from '../sharing/scalar.ts';

export interface ManifestCheck {
  readonly plan: RoundPlan;
  readonly roster: Roster;
  readonly manifest: Signed;
  /** the u3Hash this tenant signed, when it got that far */
  readonly u3Hash?: Uint8Array;
  /** M0 of U1, when the secrets are to be held against them */
  readonly m0s?: readonly Signed[];
}

/**
 * A manifest as a tenant takes it: signed by the coordinator for this plan, for the survivor set this tenant signed, with
 * exactly one secret for each survivor. Checked also after the plan has expired (section 15).
 *
 * @throws SecaggError `FORMAT` or `REFUSED`
 */
export function checkManifest({ plan, roster, manifest, u3Hash, m0s }: ManifestCheck): Manifest {
  const body = parseMessage(manifestSchema, manifest.body);
  refuseUnless(
    verifyBody('manifest', manifest, decodeField(roster.coordinatorKey)),
    'the manifest has a bad signature',
  );
  refuseUnless(decodeField(body.planHash).equals(plan.planHash), 'the manifest belongs to another plan');
  refuseUnless(u3Hash === undefined || decodeField(body.u3Hash).equals(u3Hash), 'the manifest is for another U3');
  checkMembers(plan, body);
  for (const { secret } of [...body.b, ...body.a]) decodeScalar(decodeField(secret));
  if (m0s !== undefined) checkSecrets(plan, roster, body, m0s);
  return body;
}

function checkMembers(plan: RoundPlan, { survivors, chunks, a, b }: Manifest): void {
  refuseUnless(survivors.length >= plan.minSurvivors, 'the manifest has too few survivors');
  refuseUnless(
    survivors.every((idx) => plan.cohort.includes(idx)) && a.every(({ idx }) => plan.cohort.includes(idx)),
    'the manifest names a stranger',
  );
  refuseUnless(
    b.length === survivors.length && b.every(({ idx }, i) => idx === survivors[i]),
    'the manifest does not open exactly the survivors',
  );
  refuseUnless(!a.some(({ idx }) => survivors.includes(idx)), 'the manifest opens both secrets of one tenant');
  refuseUnless(chunks === chunkLayout(plan).total, 'the manifest counts other chunks');
}

function checkSecrets(plan: RoundPlan, roster: Roster, { a, b }: Manifest, m0s: readonly Signed[]): void {
  const directory = new Map<number, M0>();
  for (const signed of m0s) {
    const { idx, body } = openTenantMessage<M0>('m0', m0Schema[plan.suite], { plan, roster }, signed);
    directory.set(idx, body);
  }
  for (const { idx, secret } of b) {
    const m0 = directory.get(idx);
    refuseUnless(
      m0 !== undefined && matchesCommitment(plan, m0, decodeField(secret)),
      `b of ${idx} is not the committed one`,
    );
  }
  for (const { idx, secret } of a) {
    const m0 = directory.get(idx);
    refuseUnless(
      m0 !== undefined && matchesMaskKeys(plan, m0, decodeField(secret)),
      `a of ${idx} does not give its keys`,
    );
  }
}
