import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const cli = fileURLToPath(new URL('../../main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sumveil-verify-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('says beside the verdict what no bundle shows, and exits with the first failing class', () => {
  const file = join(folder, 'bundle.zip');
  writeFileSync(file, 'no zip');
  const { status, stdout } = spawnSync(process.execPath, [cli, 'audit', 'verify', file], { encoding: 'utf8' });
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^FAIL 10 FORMAT/);
  expect(lines[13]).toMatch(/^not shown: Leaves that belong to no run/);
  expect(lines.at(-1)).toBe('FAILED');
  for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
  expect(status).toBe(10);
});
