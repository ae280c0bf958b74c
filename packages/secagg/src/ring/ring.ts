import { endianness } from 'node:os';
import { SecaggError } from '../error.ts';

/** Bits of an element: four model rings and the 64-bit ring of the aux segment (section 11). */
export type RingBits = 16 | 20 | 24 | 32 | 64;

/**
 * Residues of consecutive elements. 16 bits use a 16-bit word each; 20, 24 and 32 bits a 32-bit word whose upper bits are
 * don't-care until packing (2^bits divides 2^32); 64 bits two 32-bit words, low one first.
 */
export type Words = Uint16Array | Uint32Array;

if (endianness() !== 'LE')
  throw new Error('Sumveil runs on little-endian machines only: ring words are read in place.');

/** Bytes of mask stream that one element uses: 2, 4 or 8. */
export function wordBytes(bits: RingBits): number {
  return bits === 16 ? 2 : bits === 64 ? 8 : 4;
}

export function zeroWords(bits: RingBits, elements: number): Words {
  if (bits === 16) return new Uint16Array(elements);
  return new Uint32Array(bits === 64 ? elements * 2 : elements);
}

/** Two's complement residues of `elements` integers from `start`. @param values Int32Array for the model, BigInt64Array for aux */
export function toWords(bits: RingBits, values: Int32Array | BigInt64Array, start: number, elements: number): Words {
  const part = values.slice(start, start + elements);
  if (part.length !== elements) throw new SecaggError('INPUT', 'the vector is shorter than its segment');
  if ((bits === 64) !== part instanceof BigInt64Array)
    throw new SecaggError('INPUT', 'vector type does not fit the ring');
  if (bits === 16) return Uint16Array.from(part as Int32Array);
  return new Uint32Array(part.buffer);
}

/** Centred lift of model residues (16 to 32 bits): the integers in [-2^(bits-1), 2^(bits-1)). */
export function centredModel(bits: RingBits, words: Words): Int32Array {
  const out = new Int32Array(words.length);
  const shift = 32 - bits;
  for (let i = 0; i < out.length; i++) out[i] = (words[i]! << shift) >> shift;
  return out;
}

/** Centred lift of 64-bit residues. */
export function centredAux(words: Words): BigInt64Array {
  return new BigInt64Array(Uint32Array.from(words).buffer);
}

/** `target += source`, element by element, in the ring. */
export function addWords(bits: RingBits, target: Words, source: Words): void {
  if (bits === 16) add16(target as Uint16Array, source as Uint16Array);
  else if (bits === 64) add64(target as Uint32Array, source as Uint32Array);
  else add32(target as Uint32Array, source as Uint32Array);
}

/** `target -= source`, element by element, in the ring. */
export function subtractWords(bits: RingBits, target: Words, source: Words): void {
  if (bits === 16) subtract16(target as Uint16Array, source as Uint16Array);
  else if (bits === 64) subtract64(target as Uint32Array, source as Uint32Array);
  else subtract32(target as Uint32Array, source as Uint32Array);
}

// Hot loops stay in functions of their own with one element type each, so that they are compiled for that type (section 23).

function add16(target: Uint16Array, source: Uint16Array): void {
  for (let i = 0; i < source.length; i++) target[i] = target[i]! + source[i]!;
}

function subtract16(target: Uint16Array, source: Uint16Array): void {
  for (let i = 0; i < source.length; i++) target[i] = target[i]! - source[i]!;
}

function add32(target: Uint32Array, source: Uint32Array): void {
  for (let i = 0; i < source.length; i++) target[i] = (target[i]! + source[i]!) | 0;
}

function subtract32(target: Uint32Array, source: Uint32Array): void {
  for (let i = 0; i < source.length; i++) target[i] = (target[i]! - source[i]!) | 0;
}

function add64(target: Uint32Array, source: Uint32Array): void {
  for (let i = 0; i < source.length; i += 2) {
    const before = target[i]!;
    const low = (before + source[i]!) >>> 0;
    target[i] = low;
    target[i + 1] = (target[i + 1]! + source[i + 1]! + (low < before ? 1 : 0)) | 0;
  }
}

function subtract64(target: Uint32Array, source: Uint32Array): void {
  for (let i = 0; i < source.length; i += 2) {
    const before = target[i]!;
    target[i] = (before - source[i]!) | 0;
    target[i + 1] = (target[i + 1]! - source[i + 1]! - (before < source[i]! ? 1 : 0)) | 0;
  }
}
