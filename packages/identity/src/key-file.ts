import { createPrivateKey, type KeyObject, randomUUID } from 'node:crypto';
import { closeSync, existsSync, fchmodSync, fsyncSync, linkSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError, readPrivateFile } from '@sumveil/config';
import { IdentityError } from './error.ts';
import { generateKey, type KeyKind, kindOf } from './keys.ts';

/**
 * Writes a private key as PEM PKCS#8. The file appears under its name only when it is whole and on disk, and an existing
 * file is never replaced: a lost key is a new identity, not an overwrite.
 *
 * @param mode 0400 unless the owner has to delete it without a warning
 * @throws IdentityError `KEY_FILE`
 */
export function writeKeyFile(path: string, key: KeyObject, mode: 0o400 | 0o600 = 0o400): void {
  const pem = key.export({ type: 'pkcs8', format: 'pem' });
  const draft = `${path}.${randomUUID()}.new`;
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeFileSync(file, pem);
    fchmodSync(file, mode);
    fsyncSync(file);
    linkSync(draft, path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new IdentityError('KEY_FILE', code === 'EEXIST' ? `${path} exists already` : `${path} not written (${code})`);
  } finally {
    closeSync(file);
    unlinkSync(draft);
  }
  syncFolder(dirname(path));
}

/**
 * @throws IdentityError `KEY_FILE` when it is missing, reachable by others or not one unencrypted PKCS#8 key of this kind
 */
export function readKeyFile(path: string, kind: KeyKind): KeyObject {
  const key = parsePrivateKey(readPrivate(path), path);
  if (kindOf(key) !== kind) {
    throw new IdentityError('KEY_FILE', `${path} holds ${kindOf(key) ?? key.asymmetricKeyType}, expected ${kind}`);
  }
  return key;
}

/** For keys that are born where they are used; the second start reads what the first one wrote. */
export function loadOrCreateKeyFile(path: string, kind: KeyKind): KeyObject {
  if (!existsSync(path)) writeKeyFile(path, generateKey(kind));
  return readKeyFile(path, kind);
}

function readPrivate(path: string): Buffer {
  try {
    return readPrivateFile(path, { maxBytes: 8_192 });
  } catch (error) {
    if (error instanceof ConfigError) throw new IdentityError('KEY_FILE', error.message);
    throw error;
  }
}

function parsePrivateKey(pem: Buffer, path: string): KeyObject {
  try {
    return createPrivateKey({ key: pem, format: 'pem' });
  } catch {
    // OpenSSL's message may quote its input, so it is not passed on.
    throw new IdentityError('KEY_FILE', `${path} is not an unencrypted PEM private key`);
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
