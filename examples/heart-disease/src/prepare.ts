import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrainTask } from '@sumveil/learning';
import { type Dataset, tableDataset } from '@sumveil/trainers';
import { HOSPITALS, type Hospital } from './hospitals.ts';
import { COLUMNS, patientRows } from './patient-rows.ts';

export interface PreparedHospital extends Hospital {
  /** Path of the tenant's CSV file. */
  readonly path: string;
  readonly rows: number;
}

/** Writes one `patients.csv` per hospital, mode 0600, into the folder that `folderOf` names (made with mode 0700 if missing). */
export async function prepareHospitals(
  source: string,
  folderOf: (slug: string) => string,
): Promise<PreparedHospital[]> {
  return Promise.all(
    HOSPITALS.map(async (hospital) => {
      const rows = await patientRows(source, hospital);
      const folder = folderOf(hospital.slug);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const path = join(folder, 'patients.csv');
      await writeFile(path, `${[COLUMNS, ...rows].map((cells) => cells.join(',')).join('\n')}\n`, { mode: 0o600 });
      return { ...hospital, path, rows: rows.length };
    }),
  );
}

/** The four datasets without a detour over files. */
export async function hospitalDatasets(source: string, task: TrainTask): Promise<Dataset[]> {
  return Promise.all(
    HOSPITALS.map(async (hospital) =>
      tableDataset({ columns: COLUMNS, rows: await patientRows(source, hospital) }, task, `sha256:${hospital.sha256}`),
    ),
  );
}
