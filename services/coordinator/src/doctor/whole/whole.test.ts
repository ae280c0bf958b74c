import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '@sumveil/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSeal, sealContext } from '../../features/rounds/seal.ts';
import type { EvidenceWorld } from '../../signing/testing/world.ts';
import { failing, healthyPatient, type Patient, sealKeyIn, warning } from '../testing/patient.ts';

let patient: Patient;
let world: EvidenceWorld;
let folder: string;
const ask: Patient['ask'] = (kind, o) => patient.ask(kind, o);
const sql: Patient['sql'] = (text, ...values) => patient.sql(text, ...values);

beforeAll(async () => {
  patient = await healthyPatient();
  ({ world, folder } = patient);
}, 60_000);
afterAll(() => patient?.close());

describe('the doctor of a restored coordinator', () => {
  const restored = true;

  it('asks nobody to run, and finds a whole copy whole', async () => {
    const bytes = Buffer.from('a model');
    await world.worker.artifacts.put(bytes, { maxBytes: 100 });
    await sql(`INSERT INTO artifact (digest, size, media_type) VALUES ($1, 7, 'x')`, digestOf(bytes));
    const { checks, by } = await ask('worker', { restored });
    expect(checks.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(Object.keys(by)).toEqual(
      expect.arrayContaining(['log-rows', 'files', 'sealed', 'public-keys', 'migrations']),
    );
    expect(by.signer).toBeUndefined();
  });

  it('misses a file that a row names, and sees one that has changed', async () => {
    const [kept, lost] = [Buffer.from('a model'), Buffer.from('another')];
    await sql(`INSERT INTO artifact (digest, size, media_type) VALUES ($1, 7, 'x')`, digestOf(lost));
    expect((await ask('api', { restored })).by.files).toMatchObject(
      failing(new RegExp(`1 of 2 .* missing, first ${digestOf(lost)}`)),
    );
    const hex = digestOf(kept).slice(7);
    writeFileSync(join(folder, 'artifacts', hex.slice(0, 2), hex.slice(2)), 'changed');
    expect((await ask('api', { restored })).by.files).toMatchObject(failing(/other bytes than their name says/));
    await sql('DELETE FROM artifact');
  });

  it('says which secrets another seal key keeps shut', async () => {
    const key = Buffer.from(sealKeyIn(patient), 'base64url');
    const attempt = '00000000-0000-4000-8000-000000000001';
    const put = (seal: ReturnType<typeof createSeal>, idx: number) =>
      sql(
        'INSERT INTO attempt_secret VALUES ($1, $2, $3, $4)',
        attempt,
        'a',
        idx,
        Buffer.from(seal.seal(sealContext(attempt, 'a', idx), randomBytes(32))),
      );
    await sql('ALTER TABLE attempt_secret DISABLE TRIGGER ALL');
    await put(createSeal(key), 1);
    expect((await ask('worker', { restored })).by.sealed).toMatchObject({
      status: 'ok',
      detail: expect.stringMatching(/all 1 /),
    });
    await put(createSeal(randomBytes(32)), 2);
    expect((await ask('worker', { restored })).by.sealed).toMatchObject(warning(/1 secrets of 1 open attempts/));
    await sql('DELETE FROM attempt_secret');
  });

  it('sees a log that does not hold together', async () => {
    await sql('ALTER TABLE audit_leaf DISABLE TRIGGER ALL');
    await sql(`UPDATE audit_leaf SET leaf_hash = sha256('x') WHERE idx = 0`);
    expect((await ask('signer', { restored })).by['log-rows']).toMatchObject(
      failing(/leaf 0 is not what its row says/),
    );
    await sql('DELETE FROM audit_leaf WHERE idx = 0');
    expect((await ask('signer', { restored })).by['log-rows']).toMatchObject(failing(/does not hold together/));
    rmSync(join(folder, 'root.pem'));
    expect((await ask('api', { restored })).by['tls-files']).toMatchObject(failing(/ENOENT/));
  });
});
