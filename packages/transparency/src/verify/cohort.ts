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
 * Every list has the leaf that put it in force, by its own tenant, and the list that a leaf replaces is declared here too:
 * a list that nobody declared would be in force whenever it suits whoever made the bundle.
 */
export function checkApproverLists(evidence: Evidence): void {
  const declared = leavesOf(evidence, 'approvers.declared');
  const isDeclared = (digest: string, tenantRef: string) =>
    declared.some(({ leaf }) => leaf.digestNew === digest && leaf.tenantRef === tenantRef);
  for (const [digest, list] of evidence.approverLists) {
    const { tenantRef } = headOf(list);
    must(
      isDeclared(digest, tenantRef),
      `the approver list of ${tenantRef} has no approvers.declared leaf in the bundle`,
    );
  }
  for (const { leaf } of declared) {
    const known = leaf.digestOld === undefined || isDeclared(leaf.digestOld, leaf.tenantRef);
    must(known, `approvers.declared of ${leaf.tenantRef} replaces a list that no leaf in the bundle declares`);
  }
}

/**
 * List in force for each tenant: of those that a leaf below `idx` declares, the one with the highest version. A declared
 * list that is not here takes its tenant out, because it may be the newest.
 */
function listsAt(evidence: Evidence, idx: number): Map<string, DsseEnvelope> {
  const lists = new Map<string, DsseEnvelope>();
  const missing = new Set<string>();
  for (const { leaf } of leavesOf(evidence, 'approvers.declared').filter((entry) => entry.idx < idx)) {
    const list = evidence.approverLists.get(leaf.digestNew);
    if (!list || headOf(list).tenantRef !== leaf.tenantRef) missing.add(leaf.tenantRef);
    else {
      const before = lists.get(leaf.tenantRef);
      if (!before || headOf(before).version < headOf(list).version) lists.set(leaf.tenantRef, list);
    }
  }
  for (const tenantRef of missing) lists.delete(tenantRef);
  return lists;
}

const head = z.looseObject({ tenantRef: z.string(), version: z.int() });

function headOf(list: DsseEnvelope): z.infer<typeof head> {
  return attempt('approver list', () => head.parse(parseCanonical(dssePayload(list))));
}
