import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestOf, sha256 } from '@sumveil/wire';

/**
 * Digest of the builtin training code, the `code.digest` of a plan: SHA-256 over the lines `<sha256 hex>  <path>\n` of all
 * source files of @sumveil/learning and @sumveil/trainers, tests left out, paths ascending. A connector compares it with
 * the plan, so that approvers name the very code that will run.
 */
export async function builtinCodeDigest(): Promise<string> {
  const roots = [
    ['learning', fileURLToPath(new URL('.', import.meta.resolve('@sumveil/learning')))],
    ['trainers', fileURLToPath(new URL('.', import.meta.url))],
  ] as const;
  const lines = await Promise.all(roots.map(([name, folder]) => sourceLines(name, folder)));
  return digestOf(Buffer.from(lines.flat().join('')));
}

async function sourceLines(name: string, folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true });
  const sources = found
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts') && !/\.(test|fixture)\.ts$/.test(path));
  return Promise.all(
    sources.sort().map(async (path) => {
      return `${sha256(await readFile(join(folder, path))).toString('hex')}  ${name}/${path}\n`;
    }),
  );
}
