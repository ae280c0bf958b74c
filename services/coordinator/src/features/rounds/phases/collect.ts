import { listBody } from '@sumveil/secagg';
import { sha256, writtenDigest } from '@sumveil/wire';
import type { Tx } from '../../../db/client.ts';
import { notify } from '../../../db/notify.ts';
import { listHashOf } from '../accepted.ts';
import type { RoundDeps, Step } from '../advance.ts';
import { attemptLeaf } from '../attempt-leaf.ts';
import { type Collecting, isCollecting, type ListPhase, rules } from '../phase.ts';
import { type LoadedAttempt, loadAttempt, messagesOf, phaseList } from '../store.ts';
import { awaitSigner } from './await-evidence.ts';
import { failAttempt } from './fail.ts';
import { lookAt, lookLater } from './look.ts';
import { recover } from './recover.ts';
import { inPhase, openPhase } from './transition.ts';

/** A phase in which tenants answer: close it when due; with its list signed, open the next one. */
export const collect: Step = async (deps, lease, attemptId) => {
  const { row } = await loadAttempt(deps.db.prisma, attemptId);
  const phase = row.phase;
  if (!isCollecting(phase)) return false;
  const { makes } = rules[phase];
  if (makes && (await phaseList(deps.db.prisma, attemptId, makes)))
    return openAfterList(deps, lease, attemptId, phase, makes);
  if (phase === 'unmask') return recover(deps, lease, attemptId);
  return inPhase(deps, lease, attemptId, phase, async (tx, attempt) => {
    const { verdict, answers } = await lookAt(deps, tx, attempt, phase);
    if ('wait' in verdict) return lookLater(deps, tx, attempt, phase, verdict.wait);
    if ('fail' in verdict) return failAttempt(deps, tx, attempt, 'QUORUM');
    if (makes) await makeList(deps, tx, attempt, makes, answers, verdict.close);
    else await openNext(deps, tx, attempt, phase, answers, verdict.close);
    return true;
  });
};

/** Writes U1, U2 or U3 once and asks for its signature; nothing of it is sent before. */
async function makeList(
  deps: RoundDeps,
  tx: Tx,
  attempt: LoadedAttempt,
  makes: ListPhase,
  answers: number[],
  cause: string,
): Promise<void> {
  const { row, plan } = attempt;
  const phase = row.phase as Collecting;
  const messages = await messagesOf(tx, row.id, rules[phase].answer, answers);
  const items = messages.map((message) => ({ idx: message.idx, bodyHash: sha256(message.body) }));
  const body = listBody(plan.planHash, makes, items);
  await tx.phaseList.create({
    data: { attemptId: row.id, phase: makes, members: answers, body: Uint8Array.from(body) },
  });
  await deps.sign.requestSignature(tx, 'list', listSubject(row.id, makes), body);
  await phaseClosed(deps, tx, attempt, answers.length, listHashOf({ body }), cause);
}

async function phaseClosed(
  deps: RoundDeps,
  tx: Tx,
  { row }: LoadedAttempt,
  setSize: number,
  hash: Uint8Array,
  cause: string,
) {
  await deps.log.appendLeaf(tx, {
    type: 'phase.closed',
    ...attemptLeaf(row),
    phase: row.phase as Collecting,
    setSize,
    listHash: writtenDigest(hash),
    cause: cause as 'all' | 'absent' | 'deadline',
  });
  deps.logger.event('phase.closed', {
    run: row.runId,
    round: row.round,
    attempt: row.attempt,
    phase: row.phase,
    answered: setSize,
    reason: cause,
  });
}

async function openAfterList(
  deps: RoundDeps,
  lease: Parameters<Step>[1],
  attemptId: string,
  phase: Collecting,
  makes: ListPhase,
): Promise<boolean> {
  const answer = await awaitSigner(deps, attemptId, 'list', listSubject(attemptId, makes));
  if (!answer) return false;
  return inPhase(deps, lease, attemptId, phase, async (tx, attempt) => {
    if ('error' in answer) return failAttempt(deps, tx, attempt, `SIGNER_${answer.error}`);
    const list = await tx.phaseList.update({
      where: { attemptId_phase: { attemptId, phase: makes } },
      data: { sig: Uint8Array.from(answer.result) },
    });
    await openPhase(tx, attempt, rules[phase].next as Collecting, list.members);
    return true;
  });
}

/** After R3 no list is signed: the M3 messages themselves are shown to U3. */
async function openNext(
  deps: RoundDeps,
  tx: Tx,
  attempt: LoadedAttempt,
  phase: Collecting,
  answers: number[],
  cause: string,
): Promise<void> {
  const u3 = await phaseList(tx, attempt.row.id, 'u3');
  await phaseClosed(deps, tx, attempt, answers.length, listHashOf(u3!), cause);
  await openPhase(tx, attempt, rules[phase].next as Collecting, u3!.members);
  await notify(tx, 'sumveil_run', attempt.row.runId);
}

export function listSubject(attemptId: string, phase: ListPhase): string {
  return `${attemptId}/${phase}`;
}
