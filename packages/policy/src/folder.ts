import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadBundleFromFiles, type PolicyBundle } from './bundle.ts';
import { PolicyError } from './error.ts';
import { type BundleFiles, bundleDigest, bundleLock, LOCK } from './lock.ts';

/** @throws PolicyError, so a process whose policies differ from their lock does not start */
export function loadBundleFromFolder(folder: string): PolicyBundle {
  return loadBundleFromFiles(readBundle(folder));
}

/** Writes `bundle.lock` for the files as they are and gives back the bundle digest. */
export function writeLock(folder: string): string {
  const lock = bundleLock(readBundle(folder));
  writeFileSync(join(folder, LOCK), lock);
  return bundleDigest(lock);
}

/** Lock, schema and policies of a folder; decision tables and notes beside them are left out. */
export function readBundle(folder: string): BundleFiles {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && /\.(cedar|cedarschema|lock)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(paths.map((path) => [path.slice(folder.replace(/\/$/, '').length + 1), text(path)]));
}

/** The digest is over bytes, so text that would not give its bytes back is refused. */
function text(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch {
    throw new PolicyError('LAYOUT', `${path} cannot be read as UTF-8`);
  }
}
