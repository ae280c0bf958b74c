import { sha256 } from '@sumveil/wire';
import { refuseUnless } from '../error.ts';
import { decodeField } from '../messages/fields.ts';
import { type M2, m2Schema } from '../messages/messages.ts';
import type { Accepted } from '../messages/open.ts';
import { chunkShape } from '../plan/chunks.ts';
import type { RoundPlan } from '../plan/plan.ts';
import { checkPacked } from '../ring/packing.ts';
import type { Roster } from '../roster/roster.ts';
import { chunkRoot } from '../tree/chunkTree.ts';
import { openFrom } from './from.ts';

/**
 * Length and padding of an uploaded chunk.
 *
 * @returns SHA-256 of the bytes, its part of the chunk leaf
 * @throws SecaggError `CHUNK`
 */
export function checkChunk(plan: RoundPlan, segment: number, chunk: number, bytes: Uint8Array): Buffer {
  const shape = chunkShape(plan, segment, chunk);
  checkPacked(shape.bits, shape.elements, bytes);
  return sha256(bytes);
}

/**
 * R2 at the coordinator, after all chunks have arrived.
 *
 * @param chunkHashes what checkChunk returned for each chunk, in order of segment, then chunk
 * @throws SecaggError `FORMAT`, `CHUNK` or `REFUSED`
 */
export function acceptM2(
  plan: RoundPlan,
  roster: Roster,
  from: number,
  bytes: Uint8Array,
  { u2Hash, chunkHashes }: { u2Hash: Uint8Array; chunkHashes: readonly Uint8Array[] },
): Accepted<M2> {
  const accepted = openFrom<M2>('m2', m2Schema, { plan, roster }, from, bytes);
  const { body } = accepted;
  refuseUnless(decodeField(body.u2Hash).equals(u2Hash), `${from} saw another U2`);
  const root = chunkRoot(plan, chunkHashes);
  refuseUnless(body.chunks === chunkHashes.length, `${from} counts other chunks`);
  refuseUnless(root.equals(decodeField(body.chunkRoot)), `chunkRoot of ${from} does not cover its chunks`);
  return accepted;
}
