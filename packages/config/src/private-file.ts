import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { ConfigError } from './error.ts';

/**
 * Bytes of a secret file (governance section 10). Mode and owner are looked at on the open file, so the file cannot be
 * swapped between look and read. A symbolic link is followed, because mounted secrets are links; a pipe or device is not
 * opened.
 *
 * @param options.maxBytes largest file accepted, default 64 KiB
 * @throws ConfigError `SECRET_FILE` when it is missing, not a plain file, readable or writable by others, empty or too large
 */
export function readPrivateFile(path: string, options: { maxBytes?: number } = {}): Buffer {
  const maxBytes = options.maxBytes ?? 65_536;
  const file = open(path);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new ConfigError('SECRET_FILE', `${path} is not a plain file`);
    if ((stat.mode & 0o077) !== 0) {
      const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
      throw new ConfigError('SECRET_FILE', `${path} has mode ${mode}; others can reach it: chmod 0400 or 0600`);
    }
    if (stat.size === 0) throw new ConfigError('SECRET_FILE', `${path} is empty`);
    if (stat.size > maxBytes) throw new ConfigError('SECRET_FILE', `${path} is larger than ${maxBytes} bytes`);
    return readWhole(file, maxBytes, path);
  } finally {
    closeSync(file);
  }
}

function open(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be opened (${code})`;
    throw new ConfigError('SECRET_FILE', `${path} ${why}`);
  }
}

function readWhole(file: number, maxBytes: number, path: string): Buffer {
  const buffer = Buffer.alloc(maxBytes + 1);
  let length = 0;
  for (;;) {
    const read = readSync(file, buffer, length, buffer.length - length, null);
    if (read === 0) return Buffer.from(buffer.subarray(0, length));
    length += read;
    if (length > maxBytes) throw new ConfigError('SECRET_FILE', `${path} is larger than ${maxBytes} bytes`);
  }
}
