import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  connectorLeafOrder,
  createIssuer,
  createIssuingCa,
  createRootCa,
  issueChecked,
  newRef,
  spiffeName,
  spkiDer,
} from '@sumveil/identity';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  discardNextChain,
  firstTlsKey,
  isUnproven,
  newestTlsPair,
  nextTlsKey,
  promoteNext,
  readTlsPairs,
  storeFirstChain,
  storeNextChain,
} from './tls-files.ts';

const name = spiffeName('sumveil.test', newRef(), 1);
const made = { first: new Date(Date.now() - 60_000), next: new Date() };
let folder: string;
let first: string;
let next: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sumveil-tls-'));
  const root = await createRootCa({ now: made.first });
  const issuer = createIssuer(await createIssuingCa(root, { now: made.first }));
  const chainFor = async (key: ReturnType<typeof firstTlsKey>, now: Date) =>
    (await issueChecked(issuer, connectorLeafOrder({ spki: spkiDer(key), name, lifeSeconds: 3_600, now }))).chainPem;
  first = await chainFor(firstTlsKey(folder), made.first);
  next = await chainFor(nextTlsKey(folder), made.next);
  storeFirstChain(folder, first);
});
afterEach(() => rmSync(folder, { recursive: true }));

it('the key of the next certificate stays the same until its chain is there', () => {
  expect(nextTlsKey(folder).equals(nextTlsKey(folder))).toBe(true);
  expect(newestTlsPair(folder).chainPem).toBe(first);
  expect(isUnproven(folder)).toBe(false);
  promoteNext(folder);
  expect(newestTlsPair(folder).chainPem).toBe(first);
});

it('the newest pair counts, and both stay until the new one was used', () => {
  storeNextChain(folder, next);
  expect(readTlsPairs(folder).map(({ chainPem }) => chainPem)).toEqual([next, first]);
  expect(isUnproven(folder)).toBe(true);
  promoteNext(folder);
  expect(readTlsPairs(folder).map(({ chainPem }) => chainPem)).toEqual([next]);
  expect(isUnproven(folder)).toBe(false);
  expect(readFileSync(join(folder, 'chain.pem'), 'utf8')).toBe(next);
});

it('a crash between the two renames leaves the new pair whole, and the next start ends the change', () => {
  storeNextChain(folder, next);
  renameSync(join(folder, 'tls-next.key'), join(folder, 'tls.key'));
  const pair = newestTlsPair(folder);
  expect(pair.chainPem).toBe(next);
  expect(pair.certificate.checkPrivateKey(pair.key)).toBe(true);
  promoteNext(folder);
  expect(newestTlsPair(folder).chainPem).toBe(next);
  expect(existsSync(join(folder, 'chain-next.pem'))).toBe(false);
});

it('a key without its chain, and a chain without its key, are no pair', () => {
  rmSync(join(folder, 'tls-next.key'));
  storeNextChain(folder, next);
  expect(newestTlsPair(folder).chainPem).toBe(first);
  rmSync(join(folder, 'tls.key'));
  expect(() => newestTlsPair(folder)).toThrow(/no certificate with its key/);
});

it('what is of no use goes, what is in use stays; a damaged chain is told', () => {
  storeNextChain(folder, next);
  discardNextChain(folder);
  expect(readTlsPairs(folder).map(({ chainPem }) => chainPem)).toEqual([first]);
  writeFileSync(join(folder, 'chain.pem'), 'x');
  expect(() => readTlsPairs(folder)).toThrow(/damaged/);
});
