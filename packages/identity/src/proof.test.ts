import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fromBase64url, sha256 } from '@sumveil/wire';
import { describe, expect, test } from 'vitest';
import { generateEd25519, rawEd25519 } from './keys.ts';
import { checkEnrolmentProofs, checkExpiredRenewal, proveEnrolment, proveExpiredRenewal } from './proof.ts';

const url = new URL('../../../tests/vectors/log/roster-trust.json', import.meta.url);
const vectors = JSON.parse(readFileSync(url, 'utf8'));

interface EnrolmentCase {
  name: string;
  tokenHex: string;
  spkiDer: string;
  rosterKey: string;
  rosterProof: string;
  witnessKey: string;
  witnessProof: string;
  want: 'ok' | 'reject';
}

describe('enrolment proofs, roster-trust.json', () => {
  test.each(vectors.enrolment.cases as EnrolmentCase[])('$name: $want', (c) => {
    const check = () =>
      checkEnrolmentProofs({
        tokenHash: sha256(Buffer.from(c.tokenHex, 'hex')),
        csrSpki: Buffer.from(c.spkiDer, 'base64'),
        rosterKey: fromBase64url(c.rosterKey),
        rosterProof: fromBase64url(c.rosterProof),
        witnessKey: fromBase64url(c.witnessKey),
        witnessProof: fromBase64url(c.witnessProof),
      });
    if (c.want === 'ok') check();
    else expect(check).toThrow(expect.objectContaining({ code: 'PROOF' }));
  });
});

describe('renewal after expiry, roster-trust.json', () => {
  const rosterKey = fromBase64url(vectors.expiredRenewal.rosterKey);
  const cases = vectors.expiredRenewal.cases as { serial: string; spkiDer: string; proof: string; want: string }[];
  test.each(cases)('$name: $want', ({ serial, spkiDer, proof, want }) => {
    const csrSpki = Buffer.from(spkiDer, 'base64');
    const check = () => checkExpiredRenewal({ serial, csrSpki, rosterKey, proof: fromBase64url(proof) });
    if (want === 'ok') check();
    else expect(check).toThrow(expect.objectContaining({ code: 'PROOF' }));
  });
});

test('own proofs hold for their token and CSR and for no other', () => {
  const token = randomBytes(32);
  const csrSpki = randomBytes(91);
  const proofs = proveEnrolment({ token, csrSpki, rosterKey: generateEd25519(), witnessKey: generateEd25519() });
  checkEnrolmentProofs({ ...proofs, tokenHash: sha256(token), csrSpki });
  for (const other of [{ tokenHash: sha256(csrSpki) }, { csrSpki: randomBytes(91) }]) {
    expect(() => checkEnrolmentProofs({ ...proofs, tokenHash: sha256(token), csrSpki, ...other })).toThrow(/proof/);
  }
});

test('own renewal proof holds for its serial only', () => {
  const key = generateEd25519();
  const csrSpki = randomBytes(91);
  const serial = '4F0102030405060708090A0B0C0D0E0F';
  const proof = proveExpiredRenewal({ serial, csrSpki, rosterKey: key });
  const check = (over: object) => checkExpiredRenewal({ serial, csrSpki, rosterKey: rawEd25519(key), proof, ...over });
  check({});
  expect(() => check({ serial: serial.replace('F0', 'E0') })).toThrow(/proof/);
  expect(() => check({ serial: serial.toLowerCase() })).toThrow(/serial/);
  expect(() => check({ proof: proof.subarray(0, 63) })).toThrow(/proof/);
});

// With such a key R = neutral element, S = 0 would hold for one message in eight at least: OpenSSL 3.5 refuses it.
test.each([
  `01${'00'.repeat(31)}`,
  '00'.repeat(32),
  `ec${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
])('a roster key of small order cannot prove anything: %s', (hex) => {
  const forged = Buffer.concat([Buffer.of(1), Buffer.alloc(63)]);
  for (let attempt = 0; attempt < 64; attempt++) {
    const renewal = { serial: '4F0102030405060708090A0B0C0D0E0F', csrSpki: Buffer.of(attempt) };
    const check = () => checkExpiredRenewal({ ...renewal, rosterKey: Buffer.from(hex, 'hex'), proof: forged });
    expect(check).toThrow(/proof/);
  }
});
