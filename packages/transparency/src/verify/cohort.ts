import { type DsseEnvelope, dssePayload, parseCanonical } from '@sumveil/wire';
import { z } from 'zod';
import { type Evidence, leavesOf } from './evidence.ts';
import type { CohortFacts, CohortQuestion, Replay } from './replay.ts';
import { attempt, fail, must } from './result.ts';

/** The one rule of governance section 3 over what the log held at a place: approvals and lists logged below `idx`. */
export function cohortKnownAt(
  evidence: Evidence,
  replay: Replay,
  idx: number,
  question: Omit<CohortQuestion, 'approverLists' | 'approvals'>,
): CohortFacts {
  const cohortOf = replay.cohortOf ?? fail('not checked: this verifier cannot judge approvals');
  const said = (['approval.granted', 'approval.refused', 'approval.withdrawn'] as const).flatMap((type) =>
    leavesOf(evidence, type).filter((entry) => entry.idx < idx),
  );
  const approvals = said.flatMap(({ leaf }) => evidence.approvals.get(leaf.envelopeDigest) ?? []);
  return cohortOf({ ...question, approvals, approverLists: listsAt(evidence, idx) });
}

/**
 * Every list has the leaf that put it in force, by its own tenant, and each further leaf of a tenant continues the one
 * before: a list that nobody declared would be in force whenever it suits whoever made the bundle.
 */
export function checkApproverLists(evidence: Evidence): void {
  const declared = leavesOf(evidence, 'approvers.declared');
  for (const [digest, list] of evidence.approverLists) {
    const tenantRef = ownerOf(list);
    const known = declared.some(({ leaf }) => leaf.digestNew === digest && leaf.tenantRef === tenantRef);
    must(known, `the approver list of ${tenantRef} has no approvers.declared leaf in the bundle`);
  }
  const last = new Map<string, string>();
  for (const { leaf } of declared) {
    const before = last.get(leaf.tenantRef);
    must(leaf.digestOld === before, `approvers.declared of ${leaf.tenantRef} does not continue the leaf before it`);
    last.set(leaf.tenantRef, leaf.digestNew);
  }
}

/** List in force for each tenant: the last one that a leaf below `idx` declares. */
function listsAt(evidence: Evidence, idx: number): Map<string, DsseEnvelope> {
  const lists = new Map<string, DsseEnvelope>();
  for (const { leaf } of leavesOf(evidence, 'approvers.declared').filter((entry) => entry.idx < idx)) {
    const list = evidence.approverLists.get(leaf.digestNew);
    // A declared list that is not here takes the tenant out; the one before it no longer counts.
    if (list && ownerOf(list) === leaf.tenantRef) lists.set(leaf.tenantRef, list);
    else lists.delete(leaf.tenantRef);
  }
  return lists;
}

function ownerOf(list: DsseEnvelope): string {
  const facts = z.looseObject({ tenantRef: z.string() });
  return attempt('approver list', () => facts.parse(parseCanonical(dssePayload(list)))).tenantRef;
}
