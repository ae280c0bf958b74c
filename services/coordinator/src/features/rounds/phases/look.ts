import { databaseNow, type Tx } from '../../../db/client.ts';
import { watchingSince } from '../../../db/watch.ts';
import { enqueue } from '../../../outbox/enqueue.ts';
import type { RoundDeps } from '../advance.ts';
import { goneFrom } from '../gone.ts';
import { type Collecting, enoughAnswers, rules } from '../phase.ts';
import { type Closing, closing } from '../phase-closing.ts';
import { type LoadedAttempt, messagesOf, phaseList } from '../store.ts';

interface Look {
  readonly verdict: Closing;
  readonly answers: number[];
}

/** Facts of the open phase, read under the attempt's lock. */
export async function lookAt(deps: RoundDeps, tx: Tx, { row, plan }: LoadedAttempt, phase: Collecting): Promise<Look> {
  const rule = rules[phase];
  const expected = rule.expected ? ((await phaseList(tx, row.id, rule.expected))?.members ?? []) : plan.cohort;
  const answers = (await messagesOf(tx, row.id, rule.answer, expected)).map((message) => message.idx);
  const tenants = await tx.tenant.findMany({ where: { idx: { in: [...expected] } }, select: { idx: true, ref: true } });
  const gone = await goneFrom(tx, row.id, expected);
  const seen = await tx.presence.findMany({ where: { tenantRef: { in: tenants.map((tenant) => tenant.ref) } } });
  const seenAt = new Map(seen.map((presence) => [presence.tenantRef, presence.seenAt.getTime()]));
  const verdict = closing({
    now: (await databaseNow(tx)).getTime(),
    expected: tenants.map(({ idx, ref }) => ({
      idx,
      answered: answers.includes(idx),
      aborted: gone.has(idx),
      seenAt: seenAt.get(ref) ?? 0,
    })),
    enough: enoughAnswers(phase, plan),
    // The survivors are fixed, and any enough shares give the same secrets.
    spare: phase === 'unmask',
    openedAt: row.phaseOpenedAt.getTime(),
    deadlineAt: row.deadlineAt.getTime(),
    leaseMs: plan.leaseSeconds * 1_000,
    lookMs: deps.timings.phaseLook,
    watchingSince: Math.max(deps.watchingSince, await watchingSince(tx, deps.timings.presence)),
  });
  return { verdict, answers };
}

/** Asks for another look at the open phase; returns false, as a step that changed nothing does. */
export async function lookLater(
  { timings }: RoundDeps,
  tx: Tx,
  { row }: LoadedAttempt,
  phase: Collecting,
  at: number,
): Promise<false> {
  await enqueue(tx, {
    topic: 'attempt.advance',
    ref: row.id,
    // At most one look in each `phaseLook`; `closing` always asks for a later one than the present.
    dedupe: `look:${row.id}:${phase}:${Math.ceil(at / timings.phaseLook)}`,
    availableAt: new Date(at),
  });
  return false;
}
