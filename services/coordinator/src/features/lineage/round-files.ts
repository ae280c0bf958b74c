import { layout } from '@sumveil/transparency';
import { encodeSigned } from '@sumveil/wire';
import type { Tx } from '../../db/client.ts';
import type { Attempt } from '../../generated/prisma/client.ts';
import type { Evidence } from './evidence.ts';
import { leavesOf } from './rounds.ts';

const lists = ['u1', 'u2', 'u3'] as const;

/** Signed plan, lists and manifest of each attempt that was opened, as they travelled. */
export async function roundFiles(tx: Tx, { run, leaves }: Evidence): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const { leaf } of leavesOf(leaves, 'round.opened')) {
    const { round, attempt } = leaf;
    const row = await tx.attempt.findUniqueOrThrow({
      where: { runId_round_attempt: { runId: run.id, round, attempt } },
      include: { lists: true },
    });
    const at = { run: run.id, round, attempt };
    const planSig = row.planSig ?? (await signerAnswer(tx, row));
    if (planSig) files.set(layout.roundFile(at, 'plan'), encodeSigned({ body: row.planBody, sig: planSig }));
    for (const phase of lists) {
      const list = row.lists.find((one) => one.phase === phase);
      if (list?.sig) files.set(layout.roundFile(at, phase), encodeSigned({ body: list.body, sig: list.sig }));
    }
    if (row.manifestBody && row.manifestSig) {
      files.set(layout.roundFile(at, 'manifest'), encodeSigned({ body: row.manifestBody, sig: row.manifestSig }));
    }
  }
  return files;
}

/** An attempt that failed before its signed plan was stored: the signer's answer is the same signature. */
async function signerAnswer(tx: Tx, { runId, round, attempt }: Attempt): Promise<Uint8Array | null> {
  const subject = `${runId}/${round}/${attempt}`;
  const request = await tx.signRequest.findUnique({
    where: { kind_subject: { kind: 'plan', subject } },
    select: { signature: { select: { result: true } } },
  });
  return request?.signature?.result ?? null;
}
