import { EMPTY_ROOT, formatTlogProof } from '@sumveil/transparency';
import { writtenDigest } from '@sumveil/wire';
import type { Database, Tx } from '../db/client.ts';
import { channels, type Notifications } from '../db/notify.ts';
import type { Timings } from '../timings.ts';
import { type Appended, appendLeaf, hasLeaf, type LeafInput } from './append.ts';
import { isFrozen } from './freeze.ts';
import { createProofs, type Proofs } from './proofs.ts';
import { type CoveredCheckpoint, createQuorum, type Quorum } from './quorum.ts';
import { indexOfLeaf } from './rows.ts';

/** What `GATE_LOG_PROOF` and the offline verifier read. */
export interface LogProof {
  readonly index: number;
  /** Size of the checkpoint with quorum that the proof leads to. */
  readonly size: number;
  readonly leaf: Buffer;
  /** C2SP tlog-proof. */
  readonly tlogProof: Buffer;
}

export interface LogStatus {
  readonly size: number;
  /** `sha256:<64 hex>`. */
  readonly root: string;
  readonly at: Date | null;
  /** Cosignatures on the latest checkpoint, and how many its roster asks for (0 before epoch 1). */
  readonly have: number;
  readonly needs: number;
  /** Newest size with quorum. */
  readonly quorumSize: number;
  readonly frozen: boolean;
}

export interface LeafLog {
  readonly origin: string;
  readonly proofs: Proofs;
  readonly quorum: Quorum;
  appendLeaf(tx: Tx, leaf: LeafInput, options?: { gated?: boolean }): Promise<Appended>;
  hasLeaf(tx: Tx, leafKey: string): Promise<boolean>;
  /** The leaf is in a checkpoint that the witnesses of the roster in force cosigned (governance.md section 5, "Log before act"). */
  covered(leafKey: string, tx?: Tx): Promise<boolean>;
  quorumReached(leafKey: string): Promise<boolean>;
  /** Waits for {@link covered}; false at the timeout. Jobs rather return and look again later. */
  whenCovered(leafKey: string, options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<boolean>;
  /** Proof under the newest checkpoint with quorum; undefined until one covers the leaf. */
  logProof(leafKey: string): Promise<LogProof | undefined>;
  proofAt(tx: Tx, index: bigint, checkpoint: CoveredCheckpoint): Promise<LogProof>;
  quorumSize(): Promise<number>;
  status(): Promise<LogStatus>;
  frozen(tx?: Tx): Promise<boolean>;
}

const KEPT_PROOFS = 64;

/** The audit log as the coordinator's processes use it: everything but sequencing and signing, which is the signer's. */
export function createLeafLog(o: { origin: string; db: Database; notify: Notifications; timings: Timings }): LeafLog {
  const { origin, db } = o;
  const quorum = createQuorum(origin);
  const proofs = createProofs(origin);
  const covered = (leafKey: string, tx: Tx = db.prisma) => quorum.covers(tx, leafKey);

  async function proofAt(tx: Tx, index: bigint, checkpoint: CoveredCheckpoint): Promise<LogProof> {
    const row = await tx.auditLeaf.findUniqueOrThrow({ where: { log_idx: { log: origin, idx: index } } });
    const proof = await proofs.inclusion(tx, index, checkpoint.size);
    return {
      index: Number(index),
      size: Number(checkpoint.size),
      leaf: Buffer.from(row.leaf),
      tlogProof: Buffer.from(formatTlogProof({ index: Number(index), proof, note: checkpoint.note })),
    };
  }

  // Every member of a cohort asks for the same proofs at the same moment.
  const made = new Map<string, Promise<LogProof>>();
  const prove = async (leafKey: string, checkpoint: CoveredCheckpoint) =>
    proofAt(db.prisma, (await indexOfLeaf(db.prisma, origin, leafKey))!, checkpoint);

  return {
    origin,
    proofs,
    quorum,
    proofAt,
    covered,
    quorumReached: (leafKey) => covered(leafKey),
    appendLeaf: (tx, leaf, { gated = false } = {}) => appendLeaf(tx, origin, leaf, gated),
    hasLeaf: (tx, leafKey) => hasLeaf(tx, origin, leafKey),
    async whenCovered(leafKey, { timeoutMs = o.timings.signature, signal } = {}) {
      const check = async () => ((await covered(leafKey)) ? true : undefined);
      const waiting = signal ? { timeoutMs, signal } : { timeoutMs };
      return (await o.notify.wait(channels.quorum, check, waiting)) ?? false;
    },
    async logProof(leafKey) {
      if (!(await covered(leafKey))) return undefined;
      const checkpoint = (await quorum.newest(db.prisma))!;
      const name = `${checkpoint.size} ${leafKey}`;
      const proof = made.get(name) ?? prove(leafKey, checkpoint);
      made.set(name, proof);
      proof.catch(() => made.delete(name));
      if (made.size > KEPT_PROOFS) made.delete(made.keys().next().value!);
      return await proof;
    },
    quorumSize: async () => Number((await quorum.newest(db.prisma))?.size ?? 0n),
    status: () => statusOf(db.prisma, origin, quorum),
    frozen: (tx = db.prisma) => isFrozen(tx, origin),
  };
}

async function statusOf(tx: Tx, origin: string, quorum: Quorum): Promise<LogStatus> {
  const latest = await quorum.latest(tx);
  const count = latest ? await quorum.at(tx, latest.checkpoint) : { have: 0, needs: 0 };
  return {
    size: Number(latest?.checkpoint.size ?? 0n),
    root: writtenDigest(latest?.checkpoint.root ?? EMPTY_ROOT),
    at: latest?.checkpoint.at ?? null,
    ...count,
    quorumSize: Number((await quorum.newest(tx))?.size ?? 0n),
    frozen: await isFrozen(tx, origin),
  };
}
