import { personActor } from '../../actor.ts';
import type { Tx } from '../../db/client.ts';
import { notify } from '../../db/notify.ts';
import type { Deps } from '../../deps.ts';
import { CoordinatorError } from '../../error.ts';
import type { Run } from '../../generated/prisma/client.ts';
import type { Person } from '../../http/identity.ts';
import { enqueue } from '../../outbox/enqueue.ts';
import { loadPlan } from '../../plan/approved-plan.ts';
import { digestsOf, lockRun } from '../rounds/run-state.ts';
import { standingOf } from '../rounds/standing.ts';
import type { Intervention } from './pause.ts';
import { requireRunFor } from './view.ts';

/**
 * A person lets a paused run go on. It lets nothing past: the next round is opened by the same decision as every other, and
 * pauses the run again when that denies it. After a guard, the rounds so far count as looked at (ADR 0021).
 *
 * @throws CoordinatorError CONFLICT when it is not paused, or for a reason that resuming cannot take away
 */
export async function resumeRun(
  deps: Deps,
  person: Person,
  runId: string,
  { ticket, reason }: Intervention,
): Promise<void> {
  await requireRunFor(deps.db.prisma, person, runId);
  await deps.db.transaction(async (tx) => {
    const run = await lockRun(tx, runId);
    if (run.state !== 'paused') {
      throw new CoordinatorError('CONFLICT', `The run is ${run.state}; only a paused run can be resumed.`);
    }
    const fault = await lastingFault(tx, run);
    if (fault) throw new CoordinatorError('CONFLICT', `${fault} Abort the run and start a new one of the plan.`);
    const seen = run.reason?.startsWith('guard.') ? { acknowledged: run.round } : {};
    const { runSeq } = await tx.run.update({ where: { id: runId }, data: { state: 'running', reason: null, ...seen } });
    await deps.log.appendLeaf(tx, {
      type: 'run.resumed',
      actor: personActor(person),
      run: runId,
      ...(await digestsOf(tx, run)),
      reasonCode: reason,
      ticket: { system: 'platform', id: ticket },
    });
    await enqueue(tx, { topic: 'round.open', ref: runId, dedupe: `resume:${runId}:${runSeq}` });
    await notify(tx, 'sumveil_run', runId);
  });
}

/** What keeps the grant from carrying another round, whoever resumes. */
async function lastingFault(tx: Tx, run: Run): Promise<string | undefined> {
  if (run.reason === 'round-plan') {
    return 'No further round fits the plan and its approvals: they end before it would, or the plan contradicts itself.';
  }
  const grant = await tx.grant.findUniqueOrThrow({ where: { id: run.grantId! } });
  const { fault, members, cohort } = await standingOf(tx, await loadPlan(tx, run.planDigest), grant);
  if (fault === 'roster-superseded') return 'A later roster is in force than the one the run was granted under.';
  if (fault === 'approval-changed') {
    const gone = members.length - cohort.members.length;
    return `${gone} of the ${members.length} tenants of the grant do not approve any more. Resume it once their approvals hold again, if they can.`;
  }
  return undefined;
}
