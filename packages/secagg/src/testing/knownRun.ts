import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { Signed } from '@sumveil/wire';
import type { Encapsulate } from '../keys/mlkem.ts';
import type { Random } from '../sharing/scalar.ts';
import { hex, utf8 } from './vectors.ts';

const ED25519_PKCS8 = hex('302e020100300506032b657004220420');

export interface KnownMessage {
  body: string;
  sig: string;
}

/** A tenant of an end-to-end vector; later members are absent where it dropped out. */
export interface KnownTenant {
  idx: number;
  edSeed: string;
  a: string;
  b: string;
  cSK: string;
  cKemSeed?: string;
  aCoeffs: string[];
  bCoeffs: string[];
  gcmNonces: Record<string, string>;
  kemShared?: Record<string, string>;
  maskKemShared?: Record<string, string>;
  envelopes?: Record<string, string>;
  qModel?: number[];
  qAux?: number[];
  chunks?: { seg: number; chunk: number; hex: string }[];
  m0: KnownMessage;
  m1?: KnownMessage;
  m2?: KnownMessage;
  m3?: KnownMessage;
  m4?: KnownMessage;
}

export function knownKey(seed: string): KeyObject {
  return createPrivateKey({ key: Buffer.concat([ED25519_PKCS8, hex(seed)]), format: 'der', type: 'pkcs8' });
}

export function knownSigned({ body, sig }: KnownMessage): Signed {
  return { body: utf8(body), sig: Buffer.from(sig, 'base64url') };
}

/** The tenant's private inputs in the order in which advertise and share draw them. */
export function knownRandom(tenant: KnownTenant): Random {
  const scalar = (text: string) => Buffer.concat([hex(text), Buffer.alloc(32)]);
  const queue = [
    scalar(tenant.a),
    scalar(tenant.b),
    hex(tenant.cSK),
    ...(tenant.cKemSeed === undefined ? [] : [hex(tenant.cKemSeed)]),
    ...tenant.aCoeffs.map(scalar),
    ...tenant.bCoeffs.map(scalar),
    ...ascending(tenant.gcmNonces).map(([, nonce]) => hex(nonce)),
  ];
  return (bytes) => {
    const next = queue.shift();
    if (next?.byteLength !== bytes) throw new Error(`known randomness ends or has another length than ${bytes}`);
    return next;
  };
}

/** The ciphertexts and secrets of the file, because encapsulation draws its own randomness. */
export function knownEncapsulate(tenant: KnownTenant): Encapsulate {
  const queue = ascending(tenant.envelopes ?? {}).flatMap(([to, text]) => {
    const envelope = JSON.parse(text) as { kemCt?: string; mkCt?: string };
    const channel = { ciphertext: envelope.kemCt, sharedKey: tenant.kemShared?.[to] };
    const mask = { ciphertext: envelope.mkCt, sharedKey: tenant.maskKemShared?.[to] };
    return [channel, ...(envelope.mkCt === undefined ? [] : [mask])];
  });
  return () => {
    const { ciphertext, sharedKey } = queue.shift()!;
    return { ciphertext: Buffer.from(ciphertext!, 'base64url'), sharedKey: hex(sharedKey!) };
  };
}

function ascending(byIdx: Record<string, string>): [string, string][] {
  return Object.entries(byIdx).sort(([x], [y]) => Number(x) - Number(y));
}
