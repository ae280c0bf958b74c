import { newRef } from '@sumveil/identity';
import type { EvidenceWorld } from '../../signing/testing/world.ts';
import type { LeafInput } from '../append.ts';

export const digest = `sha256:${'ab'.repeat(32)}`;

/** A leaf that anything may write at any time, told apart by its subject. */
export function read(subject: string): LeafInput {
  const actor = { kind: 'person', ref: newRef(), via: 'management' } as const;
  const facts = { auditorRef: newRef(), subject, asOfSize: 0, reasonDigest: digest, resultDigest: digest };
  return { type: 'audit.read', actor, ...facts };
}

/** Writes a leaf that an act waits for. @returns its key */
export async function append({ api }: EvidenceWorld, leaf: LeafInput): Promise<string> {
  const { key } = await api.db.transaction((tx) => api.log.appendLeaf(tx, leaf, { gated: true }));
  return key;
}

/** Waits until the leaf has its place. */
export async function sequenced({ api }: EvidenceWorld, key: string): Promise<bigint> {
  const where = { log_key: { log: api.log.origin, key } };
  const look = async () => (await api.db.prisma.auditLeaf.findUnique({ where }))?.idx;
  const index = await api.notify.wait('sumveil_checkpoint', look, { timeoutMs: 5_000, pollMs: 1_000 });
  if (index === undefined) throw new Error(`${key} was not sequenced`);
  return index;
}
