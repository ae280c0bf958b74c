import { type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BACKDATE_MS, loadOrCreateKeyFile, readKeyFile } from '@sumveil/identity';
import { ConnectorError } from '../error.ts';
import { writeWhole } from '../files.ts';

/** A certificate with the key that it is for. */
export interface TlsPair {
  readonly key: KeyObject;
  /** leaf and issuing certificate, PEM */
  readonly chainPem: string;
  readonly certificate: X509Certificate;
}

/** The pair in use, and the one that is about to take its place: that one counts as soon as its chain is there. */
const inUse = { key: 'tls.key', chain: 'chain.pem' } as const;
const next = { key: 'tls-next.key', chain: 'chain-next.pem' } as const;

/** Key of the first certificate; made on first use. */
export function firstTlsKey(stateDir: string): KeyObject {
  return loadOrCreateKeyFile(join(stateDir, inUse.key), 'p256');
}

export function storeFirstChain(stateDir: string, chainPem: string): void {
  writeWhole(join(stateDir, inUse.chain), chainPem);
}

/**
 * Every pair on disk, the newest first. Key and chain are two files, and a crash may come between any two writes: so a chain
 * goes with whichever key it is for, and one without its key is no pair.
 */
export function readTlsPairs(stateDir: string): TlsPair[] {
  const keys = [next.key, inUse.key].flatMap((name) => {
    const path = join(stateDir, name);
    return existsSync(path) ? [readKeyFile(path, 'p256')] : [];
  });
  const pairs = [next.chain, inUse.chain].flatMap((name) => {
    const chain = readChain(join(stateDir, name));
    const key = chain && keys.find((one) => chain.certificate.checkPrivateKey(one));
    return chain && key ? [{ key, ...chain }] : [];
  });
  return pairs.toSorted((a, b) => issuedAt(b.certificate) - issuedAt(a.certificate));
}

/** @throws ConnectorError `STATE` when there is none */
export function newestTlsPair(stateDir: string): TlsPair {
  const [newest] = readTlsPairs(stateDir);
  if (newest) return newest;
  throw new ConnectorError(
    'STATE',
    'The folder holds no certificate with its key.',
    'Restore the folder as it was, or enrol again in an empty one with a new join string.',
  );
}

/** Key of the next certificate: on disk before anybody is asked to certify it, and the same until that has succeeded. */
export function nextTlsKey(stateDir: string): KeyObject {
  return loadOrCreateKeyFile(join(stateDir, next.key), 'p256');
}

export function storeNextChain(stateDir: string, chainPem: string): void {
  writeWhole(join(stateDir, next.chain), chainPem);
}

/** True while the next pair has its chain and has not been used with success. */
export function isUnproven(stateDir: string): boolean {
  return existsSync(join(stateDir, next.chain));
}

/**
 * The next pair was used with success: it takes the place of the other one. Between the two renames it is found by its key; a
 * next key without a chain waits for its certificate and stays.
 */
export function promoteNext(stateDir: string): void {
  const path = (name: string) => join(stateDir, name);
  if (!existsSync(path(next.chain))) return;
  if (existsSync(path(next.key))) renameSync(path(next.key), path(inUse.key));
  renameSync(path(next.chain), path(inUse.chain));
}

/**
 * The next certificate is of no use, for example after a restored backup of the coordinator; what is in use stays. So does the
 * next key: the serial may have been ordered for with it, and then no other one is certified.
 */
export function discardNextChain(stateDir: string): void {
  rmSync(join(stateDir, next.chain), { force: true });
}

/** When a certificate was made, by the coordinator's clock, in ms: it is valid from a little before. */
export function issuedAt(certificate: X509Certificate): number {
  return certificate.validFromDate.getTime() + BACKDATE_MS;
}

function readChain(path: string): { chainPem: string; certificate: X509Certificate } | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const chainPem = readFileSync(path, 'utf8');
    return { chainPem, certificate: new X509Certificate(chainPem) };
  } catch (cause) {
    const text = 'Restore the folder as it was, or enrol again in an empty one with a new join string.';
    throw new ConnectorError('STATE', 'A certificate in the folder is damaged.', text, cause);
  }
}
