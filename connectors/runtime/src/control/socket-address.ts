import { closeSync, existsSync, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { ConnectorError } from '../error.ts';

/** Bytes of a Unix socket's address without its last zero: sun_path of unix(7) has 108, of other systems 104. */
const MOST_BYTES = 103;
const OWN_FILES = '/proc/self/fd';

export interface SocketAddress {
  /** what to listen on or to connect to */
  readonly address: string;
  /** Call it when the address is used no more. */
  release(): void;
}

/**
 * An address for a socket file however long its path is: where the kernel shows open files as paths, the folder is named by
 * its number.
 *
 * @throws ConnectorError `STATE` for a long path on another system
 */
export function socketAddress(path: string): SocketAddress {
  if (Buffer.byteLength(path) <= MOST_BYTES) return { address: path, release: () => {} };
  requireSocketPath(path);
  const folder = openSync(dirname(path), 'r');
  return { address: `${OWN_FILES}/${folder}/${basename(path)}`, release: () => closeSync(folder) };
}

/**
 * Told before anything is spent on a folder in which the connector could not listen.
 *
 * @throws ConnectorError `STATE`
 */
export function requireSocketPath(path: string, ownFiles = OWN_FILES): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= MOST_BYTES || existsSync(ownFiles)) return;
  throw new ConnectorError(
    'STATE',
    `The path of the state folder is too long for the socket in it: ${bytes} bytes, ${MOST_BYTES} are possible here.`,
    'Choose a folder with a shorter path.',
  );
}
