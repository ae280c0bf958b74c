import { createPrivateKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ed25519PublicKey } from './ed25519.ts';
import { sha256 } from './label.ts';
import { decodeSigned, decodeSignedList, encodeSigned, signatureInput, signBody, verifyBody } from './signed.ts';

const url = new URL('../../../../tests/vectors/secagg/ed25519.json', import.meta.url);
const file = JSON.parse(readFileSync(url, 'utf8'));

const hex = (text: string) => Buffer.from(text, 'hex');

function privateKey(seed: string) {
  const der = Buffer.concat([hex('302e020100300506032b657004220420'), hex(seed)]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

interface Known {
  publicKey: string;
  message: string;
  signature: string;
  why: string;
}

describe('Ed25519', () => {
  it.each(file.tests as Known[])('verifies RFC 8032 $publicKey', ({ publicKey, message, signature }) => {
    expect(verify(null, hex(message), ed25519PublicKey(hex(publicKey)), hex(signature))).toBe(true);
  });

  it.each(file.mustRefuse as Known[])('refuses $why', ({ publicKey, message, signature }) => {
    expect(verify(null, hex(message), ed25519PublicKey(hex(publicKey)), hex(signature))).toBe(false);
  });
});

describe('signed message', () => {
  const { seed, publicKey, body, bodyHash, signatureInput: input, sig, wire } = file.signedMessage;
  const signed = signBody('m3', Buffer.from(body), privateKey(seed));

  it('signs the label and the hash of the exact body', () => {
    expect(sha256(Buffer.from(body)).toString('hex')).toBe(bodyHash);
    expect(signatureInput('m3', Buffer.from(body)).toString('hex')).toBe(input);
    expect(Buffer.from(signed.sig).toString('base64url')).toBe(sig);
    expect(encodeSigned(signed).toString()).toBe(wire);
    expect(verifyBody('m3', signed, hex(publicKey))).toBe(true);
    expect(verifyBody('m4', signed, hex(publicKey))).toBe(false);
  });

  it('is read back from its wire form, alone and in a list', () => {
    expect(Buffer.from(decodeSigned(Buffer.from(wire)).body).toString()).toBe(body);
    expect(decodeSignedList(Buffer.from(wire + wire))).toHaveLength(2);
  });

  it.each([
    ['nothing', ''],
    ['two messages where one is due', wire + wire],
    ['no last line feed', wire.slice(0, -1)],
    ['no signature line', `${body}\n`],
    ['a short signature', `${body}\n${sig.slice(4)}\n`],
    ['padding', `${body}\n${sig}==\n`],
  ])('refuses %s', (_, text) => {
    expect(() => decodeSigned(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'ENCODING' }));
  });
});
