import { createPrivateKey, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { canonicalBytes } from './canonical.ts';
import { countSigners, dsseBytes, dssePayload, parseDsse, preAuthEncoding, signDsse, verifyDsse } from './dsse.ts';
import { keyIdOf } from './keyid.ts';

const vectors = JSON.parse(readFileSync(new URL('../../../../tests/vectors/log/dsse.json', import.meta.url), 'utf8'));
const rawKey = (spkiDer: string) => Buffer.from(spkiDer, 'base64').subarray(-32);

describe('DSSE (tests/vectors/log/dsse.json)', () => {
  it('encodes what is signed', () => {
    for (const { payloadType, payloadUtf8, want } of vectors.pae)
      expect(preAuthEncoding(payloadType, Buffer.from(payloadUtf8)).toString()).toBe(want);
  });

  it('encodes what the published P-256 signature covers', () => {
    const { payloadType, payloadUtf8, jwk, sig } = vectors.ecdsaP256;
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const message = preAuthEncoding(payloadType, Buffer.from(payloadUtf8));
    expect(verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(sig, 'base64'))).toBe(true);
  });

  const { keys, cases, statementUtf8 } = vectors.ed25519;
  const publicKeys = keys.map((k: { spkiDer: string }) => rawKey(k.spkiDer));

  it('names keys as published', () => {
    for (const { keyid, spkiDer } of keys) expect(keyIdOf(rawKey(spkiDer))).toBe(keyid);
  });

  for (const { name, threshold, envelope, want } of cases) {
    it(`${name}: ${want}`, () => {
      const meets = () => {
        const parsed = parseDsse(canonicalBytes(envelope));
        return countSigners(parsed, 'application/vnd.in-toto+json', publicKeys) >= threshold;
      };
      if (envelope.signatures.length === 0) expect(meets).toThrow(expect.objectContaining({ code: 'SCHEMA' }));
      else expect(meets()).toBe(want === 'ok');
    });
  }

  it('signs as published', () => {
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 6)]);
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const envelope = signDsse('application/vnd.in-toto+json', Buffer.from(statementUtf8), key, keys[0].keyid);
    const [good] = cases;
    expect(good.envelope.signatures).toContainEqual(envelope.signatures[0]);
    expect(envelope.payload).toBe(good.envelope.payload);
    expect(dssePayload(envelope).toString()).toBe(statementUtf8);
    expect(verifyDsse(envelope, 'application/vnd.in-toto+json', publicKeys[0])).toBe(true);
    expect(verifyDsse(envelope, 'application/json', publicKeys[0])).toBe(false);
  });

  it('refuses an envelope in another form', () => {
    const bytes = dsseBytes(cases[0].envelope);
    expect(() => parseDsse(Buffer.concat([bytes, Buffer.from('\n')]))).toThrow();
    expect(() => parseDsse(canonicalBytes({ ...cases[0].envelope, extra: 1 }))).toThrow();
  });
});
