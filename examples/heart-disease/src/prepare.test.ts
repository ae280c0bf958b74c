import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPlanLearning, parseTask } from '@sumveil/learning';
import { readPlanFile } from '@sumveil/secagg';
import { csvDataset } from '@sumveil/trainers';
import { manifestFaults, type PlanManifest } from '@sumveil/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOSPITALS, type Hospital, heartFolder, readHospital } from './hospitals.ts';
import { heartPlan } from './plan.ts';
import { hospitalDatasets, prepareHospitals } from './prepare.ts';
import { heartTask } from './task.ts';

const source = heartFolder(process.env);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sumveil-heart-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('data of four hospitals', () => {
  it('reads the same from each tenant file as without files', async () => {
    const files = await prepareHospitals(source, (slug) => join(folder, slug));
    const fromFiles = await Promise.all(files.map(({ path }) => csvDataset(path, heartTask())));
    const direct = await hospitalDatasets(source, heartTask());
    expect(fromFiles.map((data) => ({ ...data, digest: '' }))).toEqual(direct.map((data) => ({ ...data, digest: '' })));
  });

  it('is refused for Zurich alone where a plan wants two classes', async () => {
    const strict = parseTask({ ...heartTask(), allowOneClass: false });
    await expect(hospitalDatasets(source, strict)).rejects.toMatchObject({
      faults: [{ code: 'ONE_CLASS', field: 11 }],
    });
  });

  it('tells a stranger which dataset to fetch and where to put it', async () => {
    expect(heartFolder({ SUMVEIL_HEART_DATA: '/somewhere' })).toBe('/somewhere');
    const missing = prepareHospitals(join(folder, 'none'), (slug) => join(folder, slug));
    await expect(missing).rejects.toThrow(/UCI dataset 45.*SUMVEIL_HEART_DATA/);
  });

  it('refuses a file that is not the published one', async () => {
    await writeFile(join(folder, 'processed.cleveland.data'), '63.0,1.0\n');
    await expect(readHospital(folder, HOSPITALS[0] as Hospital)).rejects.toThrow(/not the published file/);
  });
});

describe('plan of the hospitals', () => {
  it('is valid in itself and for learning', () => {
    const tenantRefs = Array.from('abcd', (letter) => letter.repeat(16));
    const { yaml } = heartPlan({ tenantRefs, codeDigest: `sha256:${'0'.repeat(64)}` });
    const plan = readPlanFile(Buffer.from(yaml)) as PlanManifest;
    expect(manifestFaults(plan)).toEqual([]);
    expect(checkPlanLearning(plan)).toEqual([]);
    expect(plan.cohort.min).toBe(4);
  });
});
