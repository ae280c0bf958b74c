import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'sumveil-ceremony-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string) => readFileSync(join(folder, 'tls', name), 'utf8');
const names = () => new X509Certificate(file('tls.pem')).subjectAltName;

function run(signer: string, ...more: string[]): Promise<{ code: unknown; out: string; fault: string }> {
  const main = join(import.meta.dirname, 'main-ceremony.ts');
  const argv = [main, '--signer', join(folder, signer), '--tls', join(folder, 'tls'), ...more];
  return new Promise((resolve) => {
    execFile(process.execPath, argv, (error, out, fault) => resolve({ code: error?.code ?? 0, out, fault }));
  });
}

describe('the key ceremony', () => {
  const root = ['--root', join(folder, 'root')];

  it('certifies the names that are given, and prints them', async () => {
    const { code, out } = await run('signer', ...root, '--dns', 'coordinator.example', '--ip', '192.0.2.10');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ names: { dns: ['coordinator.example'], ip: ['192.0.2.10'] } });
    expect(names()).toBe('DNS:coordinator.example, IP Address:192.0.2.10');
  });

  it('never replaces a certificate: it would lock out whoever comes by a name that the new one lacks', async () => {
    const before = file('tls.pem');
    const { code, fault } = await run('signer', ...root, '--dns', 'other.example');
    expect([code, fault]).toEqual([78, expect.stringMatching(/^There is a tls\.pem already.*--renew-tls\.\n$/)]);
    expect(file('tls.pem')).toBe(before);
  });

  it('leaves key and certificate alone when it cannot renew, and says in one line why', async () => {
    const before = [file('tls.key'), file('tls.pem')];
    const { code, fault } = await run('wrong', '--renew-tls');
    expect([code, fault]).toEqual([
      66,
      expect.stringMatching(/^\S+wrong\S+ cannot be read or written \(ENOENT\).*\n$/),
    ]);
    expect([file('tls.key'), file('tls.pem')]).toEqual(before);
  });

  it('renews for exactly the names that are given', async () => {
    expect((await run('signer', '--renew-tls', '--dns', 'other.example')).code).toBe(0);
    expect(names()).toBe('DNS:other.example');
  });
});
