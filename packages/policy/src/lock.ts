import { digestOf, sha256 } from '@sumveil/wire';
import { PolicyError } from './error.ts';

/** Path below the bundle's folder, with `/`, to text. */
export type BundleFiles = Readonly<Record<string, string>>;

export const LOCK = 'bundle.lock';
export const SCHEMA = 'sumveil.cedarschema';

/**
 * Text of `bundle.lock`: `<sha256>  <path>` for the schema and every policy, sorted by path bytes (the form `sha256sum -c`
 * reads). Its own SHA-256 is the bundle digest that approvals name.
 */
export function bundleLock(files: BundleFiles): string {
  return lockedPaths(files)
    .map((path) => `${sha256(Buffer.from(files[path]!, 'utf8')).toString('hex')}  ${path}\n`)
    .join('');
}

export function bundleDigest(lock: string): string {
  return digestOf(Buffer.from(lock, 'utf8'));
}

/** @throws PolicyError `LOCK` when a file was changed, added or taken away since the lock was written */
export function assertLocked(files: BundleFiles): string {
  const lock = files[LOCK];
  if (lock === undefined) throw new PolicyError('LOCK', 'policy bundle has no bundle.lock');
  const actual = bundleLock(files);
  if (lock === actual) return lock;
  const locked = new Set(lock.split('\n'));
  const changed = actual.split('\n').find((line) => !locked.has(line));
  const what = changed ? `${changed.slice(66)} is not the locked file` : 'a locked file is missing';
  throw new PolicyError(
    'LOCK',
    `policy bundle differs from its bundle.lock: ${what}; review it and write the lock again`,
  );
}

export function lockedPaths(files: BundleFiles): string[] {
  return Object.keys(files)
    .filter((path) => path.endsWith('.cedar') || path.endsWith('.cedarschema'))
    .toSorted((a, b) => Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8')));
}
