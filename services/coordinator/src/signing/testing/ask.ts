import type { SignKind } from '../../deps.ts';
import type { EvidenceWorld } from './world.ts';

export type Question = [kind: SignKind, subject: string, body: Uint8Array];

/** Asks as the process that asks for such a signature, and waits for what the signer says. */
export async function askSigner(world: EvidenceWorld, ...[kind, subject, body]: Question) {
  const { db, sign } = kind === 'certificate' ? world.api : world.worker;
  await db.transaction((tx) => sign.requestSignature(tx, kind, subject, body));
  return sign.awaitSignature(kind, subject, { timeoutMs: 10_000 }).then(
    (result) => ({ result }),
    (error: { reasons?: string[]; message: string }) => ({ refused: error.reasons?.[0] ?? error.message }),
  );
}

/** True when a leaf is written whose dedupe key contains `part`. */
export async function leafWith({ api }: EvidenceWorld, part: string): Promise<boolean> {
  return (await api.db.prisma.auditDedupe.count({ where: { key: { contains: part } } })) > 0;
}
