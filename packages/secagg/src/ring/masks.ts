import { createCipheriv } from 'node:crypto';
import { addWords, type RingBits, subtractWords, type Words, wordBytes, zeroWords } from './ring.ts';

/** Reads the next `bytes` of a mask stream. */
export type Keystream = (bytes: number) => Uint8Array;

/**
 * Turns a 32-byte mask key into its stream from a 16-byte block on. The only expander of the product is
 * {@link aesCtrExpander}; another one can be passed in-process to measure what masking costs, no setting selects it.
 */
export type Expander = (key: Uint8Array, firstBlock: number) => Keystream;

/** Bytes per cipher call: 64 to 256 KiB is where AES-CTR over zeros runs fastest (section 23). */
const PIECE_BYTES = 1 << 16;
const ZEROS = Buffer.alloc(PIECE_BYTES);
const BLOCK_BYTES = 16;

/** AES-256-CTR keystream with a 128-bit big-endian counter that starts at 0 (section 11). */
export const aesCtrExpander: Expander = (key, firstBlock) => {
  const cipher = createCipheriv('aes-256-ctr', key, counterBlock(BigInt(firstBlock)));
  return (bytes) => cipher.update(ZEROS.subarray(0, bytes));
};

export function counterBlock(block: bigint): Buffer {
  const iv = Buffer.alloc(BLOCK_BYTES);
  iv.writeBigUInt64BE(block >> 64n, 0);
  iv.writeBigUInt64BE(block & 0xffffffffffffffffn, 8);
  return iv;
}

/**
 * Adds (sign 1) or subtracts (sign -1) the mask of a key to elements `start …` of a segment, in place.
 *
 * @param accumulator residues of those elements
 * @param start a multiple of 16 elements, so that it falls on a block: chunks are at least 16 elements and powers of two
 */
export function applyMask(
  bits: RingBits,
  accumulator: Words,
  key: Uint8Array,
  sign: 1 | -1,
  start: number,
  expander: Expander = aesCtrExpander,
): void {
  const stream = expander(key, (start * wordBytes(bits)) / BLOCK_BYTES);
  const wordsPerPiece = PIECE_BYTES / accumulator.BYTES_PER_ELEMENT;
  for (let at = 0; at < accumulator.length; at += wordsPerPiece) {
    const piece = accumulator.subarray(at, at + wordsPerPiece);
    const mask = readWords(accumulator, stream(piece.byteLength));
    if (sign === 1) addWords(bits, piece, mask);
    else subtractWords(bits, piece, mask);
  }
}

/** Mask words of `elements` elements from `start`; upper bits of 20- and 24-bit words are not reduced yet. */
export function maskWords(bits: RingBits, key: Uint8Array, start: number, elements: number): Words {
  const words = zeroWords(bits, elements);
  applyMask(bits, words, key, 1, start);
  return words;
}

function readWords(like: Words, bytes: Uint8Array): Words {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.from(bytes);
  if (like instanceof Uint16Array) return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 2);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}
