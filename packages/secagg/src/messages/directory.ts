import { refuseUnless } from '../error.ts';
import { checkMlkemPublicKey } from '../keys/mlkem.ts';
import { checkX25519PublicKey } from '../keys/x25519.ts';
import { decodeField } from './fields.ts';
import type { M0 } from './messages.ts';

/**
 * Key rules of section 7 over a directory: canonical, not of low order, ML-KEM modulus, and all distinct. An echoed key
 * would let a tenant share a mask key with another one without knowing the secret.
 *
 * @throws SecaggError `REFUSED`
 */
export function checkDirectoryKeys(messages: Iterable<M0>): void {
  const seen = new Set<string>();
  for (const m0 of messages) {
    for (const key of [m0.cKey, m0.sKey]) checkX25519PublicKey(decodeField(key));
    for (const key of [m0.cKem, m0.sKem]) if (key !== undefined) checkMlkemPublicKey(decodeField(key));
    for (const key of publicKeys(m0)) {
      refuseUnless(!seen.has(key), `a public key of ${m0.idx} stands in the directory twice`);
      seen.add(key);
    }
  }
}

function publicKeys({ cKey, sKey, cKem, sKem }: M0): string[] {
  return [cKey, sKey, cKem, sKem].filter((key) => key !== undefined);
}
