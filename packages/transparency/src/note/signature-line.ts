import { strictBase64 } from '@sumveil/wire';
import { TransparencyError } from '../error.ts';
import { isKeyName } from './verifier-key.ts';

export interface SignatureLine {
  readonly name: string;
  readonly keyId: Buffer;
  /** Key id included. */
  readonly blob: Buffer;
}

/** `— <name> <base64>`, line feed included. */
export function signatureLine(name: string, blob: Uint8Array): string {
  return `\u2014 ${name} ${Buffer.from(blob).toString('base64')}\n`;
}

/** @param line without its line feed @throws TransparencyError `NOTE` */
export function parseSignatureLine(line: string): SignatureLine {
  const [dash, name, encoded, ...rest] = line.split(' ');
  if (dash !== '\u2014' || name === undefined || encoded === undefined || rest.length > 0 || !isKeyName(name))
    throw new TransparencyError('NOTE', 'not a signature line');
  let blob: Buffer;
  try {
    blob = strictBase64(encoded);
  } catch {
    throw new TransparencyError('NOTE', 'signature is not canonical base64');
  }
  if (blob.length < 5) throw new TransparencyError('NOTE', 'signature is too short');
  return { name, keyId: blob.subarray(0, 4), blob };
}
