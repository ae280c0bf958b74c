import type { Roster } from '@sumveil/secagg';
import { hashOfDigest } from '@sumveil/wire';
import type { Tx } from '../../db/client.ts';
import type { Grant } from '../../generated/prisma/client.ts';
import type { ApprovedPlan } from '../../plan/approved-plan.ts';
import { rosterByHash, rosterInForce } from '../../roster/in-force.ts';
import { type Cohort, judgeCohort } from '../decisions/facts.ts';

export interface Standing {
  readonly roster: Roster;
  readonly cohort: Cohort;
  readonly members: readonly string[];
  /** Why nothing may begin under the grant now. */
  readonly fault: 'roster-superseded' | 'approval-changed' | undefined;
}

/** How a run's grant stands at this moment: one rule for the next round and for whoever wants to resume. */
export async function standingOf(tx: Tx, plan: ApprovedPlan, grant: Pick<Grant, 'payload'>): Promise<Standing> {
  const payload = JSON.parse(Buffer.from(grant.payload).toString('utf8')) as {
    rosterHash: string;
    cohort: { members: string[] };
  };
  const { members } = payload.cohort;
  const roster = await rosterByHash(tx, hashOfDigest(payload.rosterHash));
  const cohort = await judgeCohort(tx, plan, roster, members);
  // A later epoch may be there because a member or a key had to go: nothing new begins under the old one.
  const inForce = (await rosterInForce(tx))?.rosterHash.equals(roster.rosterHash);
  const changed = cohort.members.length < members.length ? 'approval-changed' : undefined;
  return { roster, cohort, members, fault: inForce ? changed : 'roster-superseded' };
}
