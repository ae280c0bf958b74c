import { readFileSync, writeFileSync } from 'node:fs';
import { hash32 } from '@sumveil/wire';
import { z } from 'zod';
import { CoordinatorError } from '../error.ts';

const signerPublic = z.strictObject({
  coordinatorKey: hash32,
  grantKey: hash32,
  reportKey: hash32,
  logKey: hash32,
  /** SHA-256 of the root's SubjectPublicKeyInfo, base64url. */
  rootSpki: hash32,
  rootPem: z.string(),
  issuingPem: z.string(),
});

/** Public halves of the signer's keys, raw Ed25519 in base64url: what a roster names and the api listener needs. */
export type SignerPublic = z.infer<typeof signerPublic>;

/** @throws CoordinatorError CONFIG when the file is missing or not what the key ceremony writes */
export function readSignerPublic(file: string): SignerPublic {
  try {
    return signerPublic.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    const text =
      'The file with the signer’s public keys cannot be read; copy public.json from the key ceremony to where the configuration says.';
    throw new CoordinatorError('CONFIG', text, { cause });
  }
}

export function writeSignerPublic(file: string, value: SignerPublic): void {
  writeFileSync(file, `${JSON.stringify(signerPublic.parse(value), null, 2)}\n`, { mode: 0o644, flag: 'wx' });
}
