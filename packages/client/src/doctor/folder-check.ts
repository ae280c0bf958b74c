import { accessSync, constants, statfsSync, statSync } from 'node:fs';
import { bad, type Check, good, warn } from './diagnosis.ts';

/**
 * A folder can be written and has room. Nothing is written to find out.
 *
 * @param o.least bytes below which nothing should begin; twice as much is worth a look
 */
export function folderCheck(id: string, what: string, folder: string, o: { least: number; next: string }): Check {
  let free: number;
  try {
    if (!statSync(folder).isDirectory()) return bad(id, `${what} is no folder`, o.next);
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    const { bavail, bsize } = statfsSync(folder);
    free = bavail * bsize;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be written (${code})`;
    return bad(id, `${what} ${why}`, o.next);
  }
  const found = `${what} can be written, ${size(free)} free`;
  if (free < o.least) return bad(id, found, `Make room: at least ${size(o.least)}.`);
  return free < 2 * o.least ? warn(id, found, `Make room: below ${size(o.least)} it stops.`) : good(id, found);
}

function size(bytes: number): string {
  return bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GiB` : `${Math.floor(bytes / 2 ** 20)} MiB`;
}
