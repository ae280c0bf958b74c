import { sha256 } from '@sumveil/wire';

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

/** RFC 6962 section 2.1: MTH of the empty list. */
export const EMPTY_ROOT: Buffer = sha256();

/** SHA-256(00 ‖ leaf). */
export function leafHash(leaf: Uint8Array): Buffer {
  return sha256(LEAF, leaf);
}

/** SHA-256(01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return sha256(NODE, left, right);
}
