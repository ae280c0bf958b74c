import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PostgresBinaries, reachable } from './embedded-binaries.ts';

/** sockaddr_un holds 108 bytes; the file name takes 15. */
const MAX_SOCKET_FOLDER = 84;

/** Folders of ours in the system's temporary folder carry the number of the process that made them. */
const TEMPORARY = /^sumveil-pg-(\d+)-/;

export interface Folder {
  readonly folder: string;
  /** True when it goes away with `stop()`. */
  readonly temporary: boolean;
}

/** The folder that was asked for, or a temporary one when the user that runs Postgres cannot reach it. */
export function dataFolder(binaries: PostgresBinaries, wanted: string): Folder {
  removeLeftovers(binaries);
  mkdirSync(wanted, { recursive: true, mode: 0o711 });
  const folder = realpathSync(wanted);
  if (binaries.owner === undefined) return { folder, temporary: false };
  // Search permission only: the cluster inside is 0700 of the unprivileged user, the passwords are 0600 of ours.
  chmodSync(folder, 0o711);
  return reachable(binaries, folder)
    ? { folder, temporary: false }
    : { folder: temporaryFolder(binaries), temporary: true };
}

/** Inside the data folder when that path is short and plain enough, so that a killed process leaves nothing elsewhere. */
export function socketFolder(binaries: PostgresBinaries, data: string): Folder {
  const inside = join(data, 's');
  if (inside.length > MAX_SOCKET_FOLDER || !/^[\w./-]+$/.test(inside)) {
    return { folder: temporaryFolder(binaries), temporary: true };
  }
  mkdirSync(inside, { recursive: true, mode: 0o700 });
  if (binaries.owner !== undefined) chownSync(inside, binaries.owner, binaries.owner);
  return { folder: inside, temporary: false };
}

function temporaryRoot(): string {
  return tmpdir().length > MAX_SOCKET_FOLDER - 32 ? '/tmp' : tmpdir();
}

function temporaryFolder(binaries: PostgresBinaries): string {
  const folder = mkdtempSync(join(temporaryRoot(), `sumveil-pg-${process.pid}-`));
  if (binaries.owner !== undefined) chownSync(folder, binaries.owner, binaries.owner);
  return folder;
}

/** What processes left behind that were killed before they could clean up. */
function removeLeftovers(binaries: PostgresBinaries): void {
  for (const name of readdirSync(temporaryRoot())) {
    const [, pid] = TEMPORARY.exec(name) ?? [];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    const folder = join(temporaryRoot(), name);
    const found = lstatSync(folder, { throwIfNoEntry: false });
    // Anybody can put a name there; only a folder of the user that runs Postgres for us is ours.
    if (!found?.isDirectory() || found.uid !== (binaries.owner ?? process.getuid?.())) continue;
    rmSync(folder, { recursive: true, force: true });
  }
}
