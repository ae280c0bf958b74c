import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { filesystemStore } from './filesystem.ts';
import { storeContract } from './store-contract.ts';

const root = mkdtempSync(join(tmpdir(), 'sumveil-artifacts-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

storeContract('filesystem store', () => filesystemStore(mkdtempSync(join(root, 's-'))));

it('leaves no file behind when a put fails, and names no torn one', async () => {
  const folder = mkdtempSync(join(root, 'clean-'));
  const store = await filesystemStore(folder);
  async function* breaks() {
    yield Buffer.alloc(1_000);
    throw new Error('connection lost');
  }
  await expect(store.put(breaks(), { maxBytes: 10_000 })).rejects.toThrow('connection lost');
  await expect(store.put(Buffer.alloc(20), { maxBytes: 10 })).rejects.toMatchObject({ code: 'TOO_LARGE' });
  expect(readdirSync(folder, { recursive: true })).toEqual(['incoming']);
});

it('does not hand out bytes that no longer have their digest', async () => {
  const folder = mkdtempSync(join(root, 'rot-'));
  const store = await filesystemStore(folder);
  const { digest } = await store.put(Buffer.from('good'), { maxBytes: 10 });
  const hex = createHash('sha256').update('good').digest('hex');
  writeFileSync(join(folder, hex.slice(0, 2), hex.slice(2)), 'evil');
  await expect(store.get(digest)).rejects.toMatchObject({ code: 'INTERNAL' });
});
