import { type KeyObject, sign } from 'node:crypto';
import { WireError } from '../error.ts';
import { fromBase64url, toBase64url } from './base64url.ts';
import { verifyEd25519 } from './ed25519.ts';
import { label, sha256 } from './label.ts';

/** A message as it travelled: exact body bytes and a 64-byte Ed25519 signature. */
export interface Signed {
  readonly body: Uint8Array;
  readonly sig: Uint8Array;
}

/** What is signed: L("sig/"+type) ‖ SHA-256(body). */
export function signatureInput(type: string, body: Uint8Array): Buffer {
  return Buffer.concat([label(`sig/${type}`), sha256(body)]);
}

/** @param key Ed25519 private key */
export function signBody(type: string, body: Uint8Array, key: KeyObject): Signed {
  return { body, sig: sign(null, signatureInput(type, body), key) };
}

/** @param publicKey raw Ed25519 key, 32 bytes */
export function verifyBody(type: string, message: Signed, publicKey: Uint8Array): boolean {
  return verifyEd25519(publicKey, signatureInput(type, message.body), message.sig);
}

/** Wire form: body ‖ 0x0A ‖ base64url(signature) ‖ 0x0A. */
export function encodeSigned(message: Signed): Buffer {
  return Buffer.concat([message.body, Buffer.from(`\n${toBase64url(message.sig)}\n`, 'ascii')]);
}

/** @throws WireError `ENCODING` unless the bytes are exactly one signed message */
export function decodeSigned(bytes: Uint8Array): Signed {
  const all = decodeSignedList(bytes);
  if (all.length !== 1) throw new WireError('ENCODING', `expected one signed message, found ${all.length}`);
  return all[0]!;
}

/** Concatenation of signed messages; bodies are copied, nothing is parsed. */
export function decodeSignedList(bytes: Uint8Array): Signed[] {
  const lines = splitLines(bytes);
  if (lines.length % 2 !== 0) throw new WireError('ENCODING', 'a signed message lacks its signature line');
  const out: Signed[] = [];
  for (let i = 0; i < lines.length; i += 2) {
    out.push({ body: lines[i]!, sig: fromBase64url(Buffer.from(lines[i + 1]!).toString('latin1'), 64) });
  }
  return out;
}

/** Lines that each end in 0x0A; a last line without it is refused. */
export function splitLines(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(0x0a, start);
    if (end < 0) break;
    lines.push(bytes.slice(start, end));
    start = end + 1;
  }
  if (start !== bytes.length) throw new WireError('ENCODING', 'last line does not end in a line feed');
  return lines;
}
