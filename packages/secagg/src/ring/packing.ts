import { SecaggError } from '../error.ts';
import { type RingBits, type Words, zeroWords } from './ring.ts';

/** Length of a packed chunk: ceil(count·bits/8). */
export function packedBytes(bits: RingBits, elements: number): number {
  return Math.ceil((elements * bits) / 8);
}

/** Residues packed little-endian, bit j of the stream being bit j mod 8 of byte j div 8; padding bits are zero. */
export function packWords(bits: RingBits, words: Words): Buffer {
  if (bits === 20) return pack20(words);
  if (bits === 24) return pack24(words);
  return Buffer.from(words.buffer.slice(words.byteOffset, words.byteOffset + words.byteLength));
}

/** @throws SecaggError `CHUNK` for another length or a set padding bit */
export function unpackWords(bits: RingBits, elements: number, bytes: Uint8Array): Words {
  checkPacked(bits, elements, bytes);
  const words = zeroWords(bits, elements);
  if (bits === 20) unpack20(words, bytes);
  else if (bits === 24) unpack24(words, bytes);
  else new Uint8Array(words.buffer).set(bytes);
  return words;
}

/** The same checks without unpacking. @throws SecaggError `CHUNK` */
export function checkPacked(bits: RingBits, elements: number, bytes: Uint8Array): void {
  const expected = packedBytes(bits, elements);
  if (bytes.byteLength !== expected) {
    throw new SecaggError(
      'CHUNK',
      `The chunk has ${bytes.byteLength} bytes, ${expected} are due. Upload it again whole.`,
    );
  }
  if (bits === 20 && elements % 2 === 1 && bytes[expected - 1]! >> 4 !== 0) {
    throw new SecaggError('CHUNK', 'The padding bits of the chunk are not zero. Pack it as section 11 says.');
  }
}

function pack20(words: Words): Buffer {
  const out = Buffer.alloc(packedBytes(20, words.length));
  let at = 0;
  for (let i = 0; i < words.length; i += 2) {
    const low = words[i]!;
    out[at] = low;
    out[at + 1] = low >> 8;
    if (i + 1 === words.length) {
      out[at + 2] = (low >> 16) & 0x0f;
      break;
    }
    const high = words[i + 1]!;
    out[at + 2] = ((low >> 16) & 0x0f) | ((high & 0x0f) << 4);
    out[at + 3] = high >> 4;
    out[at + 4] = high >> 12;
    at += 5;
  }
  return out;
}

function unpack20(words: Words, bytes: Uint8Array): void {
  let at = 0;
  for (let i = 0; i < words.length; i += 2) {
    words[i] = bytes[at]! | (bytes[at + 1]! << 8) | ((bytes[at + 2]! & 0x0f) << 16);
    if (i + 1 < words.length) words[i + 1] = (bytes[at + 2]! >> 4) | (bytes[at + 3]! << 4) | (bytes[at + 4]! << 12);
    at += 5;
  }
}

function pack24(words: Words): Buffer {
  const out = Buffer.alloc(words.length * 3);
  for (let i = 0, at = 0; i < words.length; i++, at += 3) {
    const word = words[i]!;
    out[at] = word;
    out[at + 1] = word >> 8;
    out[at + 2] = word >> 16;
  }
  return out;
}

function unpack24(words: Words, bytes: Uint8Array): void {
  for (let i = 0, at = 0; i < words.length; i++, at += 3) {
    words[i] = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
  }
}
