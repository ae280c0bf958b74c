import { createCipheriv, createDecipheriv } from 'node:crypto';
import { u16 } from '@sumveil/wire';
import { SecaggError } from '../error.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What binds a share ciphertext to its attempt, directory and direction (section 9). */
export interface ShareContext {
  readonly planHash: Uint8Array;
  readonly dirHash: Uint8Array;
  readonly from: number;
  readonly to: number;
}

/** 92 bytes: nonce ‖ AES-256-GCM of both shares ‖ tag. @param plaintext a-share ‖ b-share, 64 bytes */
export function sealShares(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, context: ShareContext): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(additionalData(context));
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** @throws SecaggError `REFUSED` */
export function openShares(key: Uint8Array, ct: Uint8Array, context: ShareContext): { a: Buffer; b: Buffer } {
  const decipher = createDecipheriv('aes-256-gcm', key, ct.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(additionalData(context));
  decipher.setAuthTag(ct.subarray(ct.byteLength - TAG_BYTES));
  const plaintext = decipher.update(ct.subarray(NONCE_BYTES, ct.byteLength - TAG_BYTES));
  try {
    decipher.final();
  } catch {
    plaintext.fill(0);
    throw new SecaggError('REFUSED', `the envelope of ${context.from} does not decrypt`);
  }
  return { a: copy(plaintext.subarray(0, 32)), b: copy(plaintext.subarray(32)) };
}

function additionalData({ planHash, dirHash, from, to }: ShareContext): Buffer {
  return Buffer.concat([planHash, dirHash, u16(from), u16(to)]);
}

function copy(bytes: Uint8Array): Buffer {
  const out = Buffer.alloc(bytes.byteLength);
  out.set(bytes);
  return out;
}
