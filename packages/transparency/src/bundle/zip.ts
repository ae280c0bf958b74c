import { unzipSync, zipSync } from 'fflate';
import { TransparencyError } from '../error.ts';

export type Files = ReadonlyMap<string, Uint8Array>;

/** Without ZIP64 an archive holds fewer than 65,535 entries and ends below 4 GiB. */
const MAX_ENTRIES = 65_534;
const MAX_BYTES = 0xffff_fffe;

/**
 * The one zip of these files (governance section 6): byte order of names, everything stored, no time, no extra field.
 * Same files, same bytes, on any machine.
 *
 * @throws TransparencyError `ZIP` for a name or size that the canonical form cannot hold
 */
export function writeBundleZip(files: Files): Buffer {
  if (files.size > MAX_ENTRIES) throw new TransparencyError('ZIP', 'too many files for a zip without ZIP64');
  const names = [...files.keys()];
  for (const name of names) if (!isBundleName(name)) throw new TransparencyError('ZIP', `file name refused: ${name}`);
  let total = 0;
  for (const [name, bytes] of files) total += bytes.length + 2 * name.length + 76;
  if (total > MAX_BYTES) throw new TransparencyError('ZIP', 'files exceed 4 GiB, the limit of a zip without ZIP64');
  // Names are ASCII, so text order is byte order. An object keeps it, because no name looks like an array index.
  const sorted = Object.fromEntries(names.toSorted(byBytes).map((name) => [name, files.get(name)!]));
  return Buffer.from(zipSync(sorted, { level: 0, mtime: new Date(1980, 0, 1) }));
}

const NAME = /^[a-z0-9._-]+(\/[a-z0-9._-]+)*$/;

/** `[a-z0-9._/-]+` without dot parts; no bare number and no `__proto__`, which objects treat in their own way. */
export function isBundleName(name: string): boolean {
  const parts = name.split('/');
  const hasDots = parts.some((part) => part === '.' || part === '..');
  return name.length <= 200 && NAME.test(name) && !hasDots && !/^[0-9]+$/.test(name) && name !== '__proto__';
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export interface ScannedZip {
  /** Whatever could be read, so that the bad member can be named. */
  readonly files: Files;
  /** Why this is not the canonical zip of `files`; absent when it is. */
  readonly fault?: string;
}

/**
 * Reads what can be read, writes it again and compares the whole file: any difference, however harmless it looks to an
 * unzipper, is a fault, because two readers might see different files in it.
 */
export function scanBundleZip(bytes: Uint8Array): ScannedZip {
  let files: Files;
  try {
    files = readMembers(bytes);
  } catch {
    return { files: new Map(), fault: 'not a readable zip of stored entries' };
  }
  try {
    if (writeBundleZip(files).equals(bytes)) return { files };
    return { files, fault: 'not the canonical zip of its files' };
  } catch (error) {
    return { files, fault: (error as Error).message };
  }
}

/** @throws TransparencyError `ZIP` unless the bytes are the canonical zip of what they hold */
export function readBundleZip(bytes: Uint8Array): Files {
  const { files, fault } = scanBundleZip(bytes);
  if (fault) throw new TransparencyError('ZIP', fault);
  return files;
}

function readMembers(bytes: Uint8Array): Files {
  let total = 0;
  const members = unzipSync(bytes, {
    filter: ({ compression, size, originalSize }) => {
      // Entries that overlap or inflate could ask for more memory than the file has bytes.
      total += size;
      if (compression !== 0 || size !== originalSize || total > bytes.length)
        throw new TransparencyError('ZIP', 'an entry is compressed or entries overlap');
      return true;
    },
  });
  return new Map(Object.entries(members));
}
