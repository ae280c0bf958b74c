import { sha256, u8, u16, u32 } from '@sumveil/wire';

/** Leaf of the tree over a sender's envelopes: u16 recipient ‖ SHA-256(envelope) (section 5). */
export function shareLeaf(recipient: number, envelope: Uint8Array): Buffer {
  return Buffer.concat([u16(recipient), sha256(envelope)]);
}

/** Leaf of the chunk tree: u8 segment ‖ u32 chunk ‖ SHA-256(chunk bytes). @param chunkHash SHA-256 of the packed bytes */
export function chunkLeaf(segment: number, chunk: number, chunkHash: Uint8Array): Buffer {
  return Buffer.concat([u8(segment), u32(chunk), chunkHash]);
}
