import { randomBytes } from 'node:crypto';
import { fromBase64url, sha256, toBase64url } from '@sumveil/wire';
import { IdentityError } from './error.ts';

/** One-time admission of one connector (governance section 1, rule 3). */
export interface JoinString {
  /** 32 random bytes; spent at the enrolment listener. */
  readonly token: Buffer;
  /** SHA-256 of the token: all the server keeps. */
  readonly tokenHash: Buffer;
  /** SHA-256 of the root's SubjectPublicKeyInfo, base64url, which the connector pins before it sends the token. */
  readonly rootSpki: string;
}

/** @param rootSpki base64url, 43 characters. @throws IdentityError `JOIN` */
export function newJoinString(rootSpki: string): JoinString & { readonly text: string } {
  decode(rootSpki);
  const token = randomBytes(32);
  return { text: `sv1.${toBase64url(token)}.${rootSpki}`, token, tokenHash: sha256(token), rootSpki };
}

/** @throws IdentityError `JOIN` without repeating any part of the text */
export function parseJoinString(text: string): JoinString {
  const parts = text.split('.');
  if (parts.length !== 3 || parts[0] !== 'sv1') {
    throw new IdentityError('JOIN', 'not a join string (sv1.<token>.<root>); ask the platform operator for a new one');
  }
  const token = Buffer.from(decode(parts[1]!));
  decode(parts[2]!);
  return { token, tokenHash: sha256(token), rootSpki: parts[2]! };
}

function decode(part: string): Uint8Array {
  try {
    return fromBase64url(part, 32);
  } catch {
    throw new IdentityError('JOIN', 'a part of the join string is not 32 bytes of base64url; copy it whole');
  }
}
