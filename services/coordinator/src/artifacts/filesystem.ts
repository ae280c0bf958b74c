import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CoordinatorError } from '../error.ts';
import type { ArtifactStore, StoredArtifact } from './store.ts';

const NAME = /^sha256:([0-9a-f]{2})([0-9a-f]{62})$/;

/** temp -> fsync -> rename -> fsync of the folder (fault F17): a name never stands for torn bytes. */
export async function filesystemStore(folder: string, { create = true } = {}): Promise<ArtifactStore> {
  const incoming = join(folder, 'incoming');
  // A reader leaves a folder that is missing as it is.
  if (create) await mkdir(incoming, { recursive: true, mode: 0o700 });
  const pathOf = (digest: string) => {
    const [, head, rest] = NAME.exec(digest) ?? [];
    if (head === undefined || rest === undefined) throw absent(digest);
    return join(folder, head, rest);
  };
  return {
    put: async (source, options) => {
      const temporary = join(incoming, randomUUID());
      try {
        const stored = await write(temporary, source, options.maxBytes);
        if (options.digest !== undefined && options.digest !== stored.digest) {
          const message = `The bytes have the digest ${stored.digest}, announced was ${options.digest}; nothing was kept.`;
          throw new CoordinatorError('DIGEST_MISMATCH', message);
        }
        await publish(temporary, pathOf(stored.digest));
        return stored;
      } catch (error) {
        await rm(temporary, { force: true });
        throw storageError(error);
      }
    },
    get: async (digest) => {
      const bytes = await readFile(pathOf(digest)).catch(absentIfMissing(digest));
      if (`sha256:${createHash('sha256').update(bytes).digest('hex')}` !== digest) {
        throw new CoordinatorError(
          'INTERNAL',
          `The stored bytes of ${digest} no longer have this digest; restore them from a backup.`,
        );
      }
      return bytes;
    },
    open: async (digest) => {
      const handle = await open(pathOf(digest)).catch(absentIfMissing(digest));
      const { size } = await handle.stat();
      return { size, stream: handle.createReadStream() };
    },
    has: (digest) =>
      stat(pathOf(digest)).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') return false;
          throw error;
        },
      ),
    delete: (digest) => rm(pathOf(digest), { force: true }),
  };
}

async function write(
  path: string,
  source: Uint8Array | AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<StoredArtifact> {
  const hash = createHash('sha256');
  const file = await open(path, 'wx', 0o600);
  let size = 0;
  try {
    for await (const piece of source instanceof Uint8Array ? [source] : source) {
      size += piece.length;
      if (size > maxBytes) {
        throw new CoordinatorError(
          'TOO_LARGE',
          `More than ${maxBytes} bytes came; nothing was kept. Send smaller pieces.`,
        );
      }
      hash.update(piece);
      await writeAll(file, piece);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { digest: `sha256:${hash.digest('hex')}`, size };
}

async function writeAll(file: FileHandle, piece: Uint8Array): Promise<void> {
  for (let done = 0; done < piece.length; ) done += (await file.write(piece, done)).bytesWritten;
}

async function publish(temporary: string, path: string): Promise<void> {
  const parent = dirname(path);
  const made = await mkdir(parent, { recursive: true, mode: 0o700 });
  await rename(temporary, path);
  await syncFolder(parent);
  if (made !== undefined) await syncFolder(dirname(parent));
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function absent(digest: string): CoordinatorError {
  return new CoordinatorError('NOT_FOUND', `No stored bytes have the digest ${digest}.`);
}

function absentIfMissing(digest: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    throw error.code === 'ENOENT' ? absent(digest) : error;
  };
}

function storageError(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== 'ENOSPC' && code !== 'EDQUOT' && code !== 'EIO' && code !== 'EROFS') return error;
  const message = `The artifact store cannot take the bytes (${code}); nothing was kept. The request can be repeated once there is room.`;
  return new CoordinatorError('STORAGE_FULL', message, { cause: error });
}
