import { type KeyObject, sign } from 'node:crypto';
import { TransparencyError } from '../error.ts';
import { signatureLine } from './signature-line.ts';
import { COSIGNATURE_TYPE, verifierKeyOf } from './verifier-key.ts';

/** What a cosignature of C2SP tlog-cosignature v1.0.1 (type 0x04) covers. @param time Unix seconds */
export function cosignedMessage(text: string, time: bigint | number): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${time}\n${text}`);
}

/**
 * Signature line of a witness, line feed included.
 *
 * @param text checkpoint body, ends in a line feed
 * @param time Unix seconds, above zero
 */
export function cosignLine(text: string, name: string, key: KeyObject, time: number): string {
  if (!Number.isSafeInteger(time) || time <= 0) throw new TransparencyError('NUMBER', 'a cosignature needs a time');
  const { keyId } = verifierKeyOf(name, COSIGNATURE_TYPE, key);
  const stamp = Buffer.alloc(8);
  stamp.writeBigUInt64BE(BigInt(time));
  return signatureLine(name, Buffer.concat([keyId, stamp, sign(null, cosignedMessage(text, time), key)]));
}
