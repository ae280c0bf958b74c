import {
  eachChunk,
  type RecoveredSecrets,
  recoverSecrets,
  SecaggError,
  type UnmaskKeys,
  unmaskKeys,
} from '@sumveil/secagg';
import { writtenDigest } from '@sumveil/wire';
import type { Tx } from '../../../db/client.ts';
import { notify } from '../../../db/notify.ts';
import { enqueue } from '../../../outbox/enqueue.ts';
import { acceptedOf, listHashOf } from '../accepted.ts';
import type { RoundDeps, Step } from '../advance.ts';
import { attemptLeaf } from '../attempt-leaf.ts';
import { sealContext } from '../seal.ts';
import { type LoadedAttempt, loadAttempt, messagesOf, requireList } from '../store.ts';
import { closeTasks } from '../tasks.ts';
import { failAttempt } from './fail.ts';
import { lookAt, lookLater } from './look.ts';
import { inPhase } from './transition.ts';

/** `unmask` → `summing`: with enough shares, reconstruct and check every secret, seal them, and order the chunk sums. */
export const recover: Step = async (deps, lease, attemptId) => {
  const attempt = await loadAttempt(deps.db.prisma, attemptId);
  const secrets = await reconstruct(deps, attempt);
  return inPhase(deps, lease, attemptId, 'unmask', async (tx, locked) => {
    const { verdict, answers } = await lookAt(deps, tx, locked, 'unmask');
    if ('fail' in verdict) return failAttempt(deps, tx, locked, 'QUORUM');
    if ('wait' in verdict || secrets === undefined) {
      const at = 'wait' in verdict ? verdict.wait : Date.now() + deps.timings.phaseLook;
      return lookLater(deps, tx, locked, 'unmask', at);
    }
    if (secrets === 'unrecoverable') return failAttempt(deps, tx, locked, 'RECOVERY');
    await orderSums(deps, tx, locked, secrets);
    await deps.log.appendLeaf(tx, {
      type: 'phase.closed',
      ...attemptLeaf(locked.row),
      phase: 'unmask',
      setSize: answers.length,
      listHash: writtenDigest(listHashOf(await requireList(tx, attemptId, 'u3'))),
      cause: verdict.close,
    });
    return true;
  });
};

/** undefined: not enough shares yet. */
async function reconstruct(
  deps: RoundDeps,
  attempt: LoadedAttempt,
): Promise<RecoveredSecrets | undefined | 'unrecoverable'> {
  try {
    const context = await unmaskContext(deps.db.prisma, attempt);
    const m4s = (await messagesOf(deps.db.prisma, attempt.row.id, 'm4')).map((message) => acceptedOf<'m4'>(message));
    const secrets = recoverSecrets({ plan: attempt.plan, u2: context.u2, u3: context.u3, m0s: context.m0s, m4s });
    unmaskKeys({ plan: attempt.plan, ...context, secrets });
    return secrets;
  } catch (error) {
    if (error instanceof SecaggError && error.code === 'NOT_ENOUGH') return undefined;
    if (error instanceof SecaggError && error.code === 'RECOVERY') return 'unrecoverable';
    throw error;
  }
}

/** Everything but the secrets that unmasking needs, from rows that were verified when they came. */
async function unmaskContext(tx: Tx, { row }: LoadedAttempt) {
  const [u1, u2, u3] = await Promise.all([
    requireList(tx, row.id, 'u1'),
    requireList(tx, row.id, 'u2'),
    requireList(tx, row.id, 'u3'),
  ]);
  const m0s = (await messagesOf(tx, row.id, 'm0', u1.members)).map((message) => acceptedOf<'m0'>(message));
  const dropped = u2.members.filter((idx) => !u3.members.includes(idx));
  const rows = await tx.envelope.findMany({
    where: { attemptId: row.id, OR: [{ fromIdx: { in: dropped } }, { toIdx: { in: dropped } }] },
  });
  const envelopes = new Map(rows.map((envelope) => [`${envelope.fromIdx}/${envelope.toIdx}`, envelope.body]));
  return {
    u1: u1.members,
    u2: u2.members,
    u3: u3.members,
    dirHash: listHashOf(u1),
    u2Hash: listHashOf(u2),
    u3Hash: listHashOf(u3),
    m0s,
    envelopeOf(from: number, to: number): Uint8Array {
      const envelope = envelopes.get(`${from}/${to}`);
      if (!envelope) throw new SecaggError('RECOVERY', `envelope ${from} to ${to} is missing`);
      return envelope;
    },
  };
}

/** Keys that take the masks off, derived again from sealed secrets in whichever process sums a chunk. */
export async function sealedKeys(
  deps: RoundDeps,
  attempt: LoadedAttempt,
): Promise<{ keys: UnmaskKeys; secrets: RecoveredSecrets; u3: number[]; u3Hash: Buffer }> {
  const context = await unmaskContext(deps.db.prisma, attempt);
  const rows = await deps.db.prisma.attemptSecret.findMany({ where: { attemptId: attempt.row.id } });
  const open = (kind: 'a' | 'b') =>
    new Map(
      rows
        .filter((row) => row.kind === kind)
        .map((row) => [row.idx, deps.seal.open(sealContext(attempt.row.id, kind, row.idx), row.sealed)]),
    );
  const secrets = { a: open('a'), b: open('b') };
  return {
    keys: unmaskKeys({ plan: attempt.plan, ...context, secrets }),
    secrets,
    u3: context.u3,
    u3Hash: context.u3Hash,
  };
}

async function orderSums(
  deps: RoundDeps,
  tx: Tx,
  { row, plan }: LoadedAttempt,
  secrets: RecoveredSecrets,
): Promise<void> {
  const sealed = (['a', 'b'] as const).flatMap((kind) =>
    [...secrets[kind]].map(([idx, secret]) => ({
      attemptId: row.id,
      kind,
      idx,
      sealed: deps.seal.seal(sealContext(row.id, kind, idx), secret),
    })),
  );
  await tx.attemptSecret.createMany({ data: sealed });
  for (const { segment, chunk } of eachChunk(plan)) {
    await tx.sumChunk.create({ data: { attemptId: row.id, segment, chunk } });
    await enqueue(tx, {
      topic: 'chunk.sum',
      ref: `${row.id}/${segment}/${chunk}`,
      dedupe: `sum:${row.id}/${segment}/${chunk}`,
    });
  }
  await tx.attempt.update({ where: { id: row.id }, data: { phase: 'summing' } });
  await closeTasks(tx, row.id);
  await notify(tx, 'sumveil_run', row.runId);
  deps.logger.event('phase.closed', {
    run: row.runId,
    round: row.round,
    attempt: row.attempt,
    phase: 'unmask',
    answered: secrets.b.size,
  });
}
