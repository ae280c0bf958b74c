import { parsePlan } from '@sumveil/secagg';
import type { personActor } from '../../actor.ts';
import { databaseNow, type Tx } from '../../db/client.ts';
import type { Deps } from '../../deps.ts';
import type { Attempt } from '../../generated/prisma/client.ts';
import { attemptLeaf } from './attempt-leaf.ts';
import { messagesOf, refsOf } from './store.ts';
import { closeTasks } from './tasks.ts';

type Actor = ReturnType<typeof personActor>;

/** Ends an open attempt because a person stops its run: nothing of it is released, and its leaf says so. */
export async function giveUp(deps: Pick<Deps, 'log'>, tx: Tx, attempt: Attempt, actor: Actor): Promise<void> {
  const { id, phase, planBody } = attempt;
  await tx.attempt.update({
    where: { id },
    data: { phase: 'failed', failCode: 'ABORTED', endedAt: await databaseNow(tx) },
  });
  await tx.attemptSecret.deleteMany({ where: { attemptId: id } });
  await closeTasks(tx, id);
  const spent = await messagesOf(tx, id, 'm2');
  const away = parsePlan(planBody).cohort.filter((idx) => !spent.some((message) => message.idx === idx));
  await deps.log.appendLeaf(tx, {
    type: 'round.aborted',
    ...attemptLeaf(attempt),
    actor,
    survivors: spent.length,
    dropped: await refsOf(tx, away),
    phase,
    code: 'ABORTED',
  });
}
