import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadOrCreateKeyFile, readKeyFile, writeKeyFile } from './key-file.ts';
import { generateEd25519, generateP256, rawEd25519, spkiDer } from './keys.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sumveil-keys-'));
  path = join(folder, 'roster.key');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a key comes back as it was written, from a file with mode 0400', () => {
  const key = generateEd25519();
  writeKeyFile(path, key);
  expect(statSync(path).mode & 0o777).toBe(0o400);
  expect(readKeyFile(path, 'ed25519').equals(key)).toBe(true);
  expect(readdirSync(folder)).toEqual(['roster.key']);
});

test('an existing file is never replaced and no draft stays behind', () => {
  const key = generateEd25519();
  writeKeyFile(path, key);
  expect(() => writeKeyFile(path, generateEd25519())).toThrow(/exists already/);
  expect(readKeyFile(path, 'ed25519').equals(key)).toBe(true);
  expect(readdirSync(folder)).toEqual(['roster.key']);
});

test('loadOrCreate makes a key once', () => {
  const first = loadOrCreateKeyFile(path, 'p256');
  expect(loadOrCreateKeyFile(path, 'p256').equals(first)).toBe(true);
});

test.each([0o440, 0o404, 0o640, 0o666])('a key file with mode %o is refused', (mode) => {
  writeKeyFile(path, generateEd25519(), 0o600);
  chmodSync(path, mode);
  expect(() => readKeyFile(path, 'ed25519')).toThrow(expect.objectContaining({ code: 'KEY_FILE' }));
});

test('a key of another kind is refused', () => {
  writeKeyFile(path, generateP256());
  expect(() => readKeyFile(path, 'ed25519')).toThrow(/holds p256, expected ed25519/);
});

test('other curves, encrypted keys and garbage are refused without their content in the message', () => {
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
  const encrypted = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' } as const;
  const contents = [
    p384.export({ type: 'pkcs8', format: 'pem' }),
    generateP256().export(encrypted),
    createPublicKey(generateP256()).export({ type: 'spki', format: 'pem' }),
    'marker-6f1d',
  ];
  contents.forEach((content, index) => {
    const file = join(folder, `bad-${index}`);
    writeFileSync(file, content, { mode: 0o600 });
    expect(() => readKeyFile(file, 'p256')).toThrow(expect.objectContaining({ code: 'KEY_FILE' }));
    expect(() => readKeyFile(file, 'p256')).not.toThrow(/marker/);
  });
});

test('the raw public key is the end of the SPKI, of the private and of the public half', () => {
  const key = generateEd25519();
  expect(rawEd25519(key)).toEqual(spkiDer(createPublicKey(key)).subarray(12));
  expect(rawEd25519(createPublicKey(key))).toEqual(rawEd25519(key));
  expect(() => rawEd25519(generateP256())).toThrow(expect.objectContaining({ code: 'KEY_TYPE' }));
});
