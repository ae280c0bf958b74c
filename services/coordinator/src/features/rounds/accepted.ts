import type { Accepted, List, M0, M1, M2, M4 } from '@sumveil/secagg';
import { sha256 } from '@sumveil/wire';

interface Bodies {
  m0: M0;
  m1: M1;
  m2: M2;
  m4: M4;
  list: List;
}

/** A stored message was verified when it was accepted: its received bytes are read again, nothing is judged anew. */
export function acceptedOf<K extends keyof Bodies>(row: {
  idx: number;
  body: Uint8Array;
  sig: Uint8Array;
}): Accepted<Bodies[K]> {
  return {
    idx: row.idx,
    body: JSON.parse(Buffer.from(row.body).toString('utf8')) as Bodies[K],
    signed: { body: row.body, sig: row.sig },
    bodyHash: sha256(row.body),
  };
}

/** The list hash that a signed or unsigned list body states. */
export function listHashOf(list: { body: Uint8Array }): Buffer {
  return Buffer.from((JSON.parse(Buffer.from(list.body).toString('utf8')) as List).listHash, 'base64url');
}
