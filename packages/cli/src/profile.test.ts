import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { readProfile } from './profile.ts';

const folder = mkdtempSync(join(tmpdir(), 'sv-profile-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('says which file is missing: the profile, or one that it names', () => {
  const [file, caFile] = [join(folder, 'me.json'), join(folder, 'root.pem')];
  expect(() => readProfile(file)).toThrow(`The profile ${file} does not exist.`);
  const fields = {
    url: 'https://c.example',
    issuer: 'https://i.example',
    clientId: 'a',
    secretFile: join(folder, 's'),
  };
  writeFileSync(file, JSON.stringify({ ...fields, caFile }));
  expect(() => readProfile(file)).toThrow(`its caFile: ${caFile} does not exist`);
  writeFileSync(caFile, 'pem');
  expect(() => readProfile(file)).toThrow(`its secretFile: ${fields.secretFile} does not exist`);
  writeFileSync(file, '{}');
  expect(() => readProfile(file)).toThrow(/cannot be used: .*\n?.*url/s);
});
