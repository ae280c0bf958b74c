import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newJoinString } from '@sumveil/identity';
import { sha256, toBase64url } from '@sumveil/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newestTlsPair } from '../certificate/tls-files.ts';
import { privateFolder } from '../files.ts';
import { type TlsWorld, tlsWorld } from '../testing/tls-world.ts';
import { membershipOf } from './enrol.ts';
import { loadOwnKeys } from './identity-files.ts';

let world: TlsWorld;
let folder: string;
beforeEach(async () => {
  world = await tlsWorld({});
  folder = mkdtempSync(join(tmpdir(), 'sumveil-enrol-'));
});
afterEach(async () => {
  await world.close();
  rmSync(folder, { recursive: true });
});

const options = (text: string) => optionsIn('state', text);

function optionsIn(name: string, text: string) {
  const stateDir = join(folder, name);
  privateFolder(stateDir);
  writeFileSync(join(folder, 'join'), `${text}\n`, { mode: 0o600 });
  return { stateDir, enrolUrl: world.enrolUrl, joinStringFile: join(folder, 'join'), keys: loadOwnKeys(stateDir) };
}

describe('enrolment', () => {
  it('exchanges the token for a certificate of the own key and uses it again after a restart', async () => {
    const { text, ref, idx } = world.invite();
    const given = options(text);
    const first = await membershipOf(given);
    expect(first).toMatchObject({ tenantRef: ref, idx, rootSpki: world.rootSpki });
    const { certificate, key } = newestTlsPair(given.stateDir);
    expect(certificate.checkPrivateKey(key)).toBe(true);
    expect(world.enrolled.get(idx)?.rosterKey).toBe(toBase64url(given.keys.rosterPublic));
    const again = await membershipOf({ ...options(text), enrolUrl: undefined, joinStringFile: undefined });
    expect(again).toEqual(first);
    expect(newestTlsPair(given.stateDir).certificate.serialNumber).toBe(certificate.serialNumber);
    expect(world.tokens).toHaveLength(1);
  });

  it('asks again while the signer is busy, and gives up before the listener would refuse its token', async () => {
    const { text, idx } = world.invite();
    world.authority.busy = 2;
    expect(await membershipOf(options(text))).toMatchObject({ idx });
    world.authority.busy = 5;
    await expect(membershipOf(optionsIn('later', world.invite().text))).rejects.toMatchObject({ code: 'ENROLMENT' });
    expect(world.authority.busy).toBe(0);
  }, 30_000);

  it('keeps its keys in its folder for the owner alone, and sends none of them', async () => {
    const given = options(world.invite().text);
    await membershipOf(given);
    for (const name of readdirSync(given.stateDir)) expect(statSync(join(given.stateDir, name)).mode & 0o077).toBe(0);
    expect(readFileSync(join(given.stateDir, 'roster.key'), 'utf8')).toContain('PRIVATE KEY');
  });

  it('sends no token to a server under another root', async () => {
    const other = newJoinString(toBase64url(sha256(Buffer.from('another root'))));
    await expect(membershipOf(options(other.text))).rejects.toMatchObject({ code: 'PIN' });
    expect(world.tokens).toEqual([]);
  });

  it('tells a spent join string from a fault and stores nothing', async () => {
    const { text } = world.invite();
    await membershipOf(options(text));
    const second = join(folder, 'second');
    privateFolder(second);
    const given = { ...options(text), stateDir: second, keys: loadOwnKeys(second) };
    await expect(membershipOf(given)).rejects.toMatchObject({ code: 'ENROLMENT' });
    expect(readdirSync(second)).not.toContain('enrolment.json');
  });

  it('refuses a state folder that others can enter', () => {
    expect(() => privateFolder(folder)).not.toThrow();
    writeFileSync(join(folder, 'x'), '');
    const open = mkdtempSync(join(folder, 'open-'));
    expect(statSync(open).mode & 0o077).toBe(0);
    rmSync(open, { recursive: true });
  });
});
