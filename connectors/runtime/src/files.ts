import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConnectorError } from './error.ts';

/** Makes the folder for the owner alone, or refuses one that others can enter: keys lie in it. */
export function privateFolder(path: string): void {
  if (!existsSync(path)) mkdirSync(path, { recursive: true, mode: 0o700 });
  const { mode } = statSync(path);
  if ((mode & 0o077) !== 0)
    throw new ConnectorError('STATE', 'The state folder can be read by others.', 'Give it mode 0700 and start again.');
}

/** A reader sees the old file or the new one, never a part; after a crash as well. */
export function writeWhole(path: string, bytes: string | Uint8Array, mode = 0o600): void {
  const temporary = `${path}.new`;
  const file = openSync(temporary, 'w', mode);
  try {
    const data = typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : bytes;
    let written = 0;
    while (written < data.byteLength) written += writeSync(file, data, written);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
