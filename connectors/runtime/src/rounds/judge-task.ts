import { parseApproverList } from '@sumveil/approvals';
import type { Roster } from '@sumveil/secagg';
import type { Dataset } from '@sumveil/trainers';
import { memberByTenant, parseDsse } from '@sumveil/wire';
import type { GateContext } from '../gate/context.ts';
import { judge, type Passed, type Verdict } from '../gate/gate.ts';
import type { Material, RawMaterial } from '../gate/material.ts';
import type { Site } from '../site.ts';

export interface Judged {
  readonly verdict: Verdict;
  /** rows that passed the data contract */
  readonly dataset: Dataset | undefined;
}

/**
 * Runs the gate with what the tenant knows at this moment: policy file, withdrawals, own list, ledger, counters, clock.
 *
 * @param fixed what the second pass keeps of the first: an attempt ends under the roster and log size it was joined under
 */
export async function judgeRaw(
  site: Site,
  raw: RawMaterial,
  planHash: string,
  fixed: { readonly roster?: Roster; readonly minSize: number },
): Promise<Judged> {
  let dataset: Dataset | undefined;
  const { state, rosters, member, now } = site;
  const contextOf = (material: Material): GateContext => {
    const own = state.trust.approverList();
    const witness = state.trust.witness();
    return {
      roster: fixed.roster ?? rosters.pinned(),
      tenantRef: member.tenantRef,
      now: now(),
      policy: site.policy().policy,
      ownApprovers: own && parseDsse(own.envelope),
      withdrawn: new Set(state.trust.withdrawals().map((row) => row.planDigest)),
      listSeen: state.trust.listSeen,
      witness: { size: fixed.minSize, fork: witness?.fork ?? false },
      spentMicro: state.ledger.totalMicro(LEDGER),
      job: state.attempts.job(material.grant.runId),
      attempts: state.attempts.of(material.grant.runId).filter((row) => row.planHash !== planHash),
      codeDigest: site.codeDigest,
      async data({ task }) {
        const loaded = await site.data.load(task);
        if ('fault' in loaded) return loaded.fault;
        dataset = loaded;
        return undefined;
      },
    };
  };
  return { verdict: await judge(raw, contextOf), dataset };
}

/** Keeps which lists of approvers have counted, so that a later round is not judged by older ones. */
export function seeLists({ state }: Site, { material, roster }: Passed): void {
  for (const tenantRef of material.grant.cohort.members) {
    const list = material.lists.get(tenantRef);
    const row = memberByTenant(roster, tenantRef);
    if (list && row) state.trust.seeList(tenantRef, row.rosterKey, parseApproverList(list).version);
  }
}

/** One table, one budget: every charge of this connector is on the same rows. */
export const LEDGER = 'data';
