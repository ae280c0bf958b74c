import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { type Hospital, readHospital, referenceFile } from './hospitals.ts';

/** Columns of a hospital's file for Sumveil, in order. */
export const COLUMNS = [
  'age',
  'sex',
  'trestbps',
  'chol',
  'fbs',
  'thalach',
  'exang',
  'oldpeak',
  'cp',
  'restecg',
  'disease',
  'split',
] as const;

/** Places in the UCI file: age, sex, cp, trestbps, chol, fbs, restecg, thalach, exang, oldpeak, slope, ca, thal, num. */
const UCI = {
  age: 0,
  sex: 1,
  cp: 2,
  trestbps: 3,
  chol: 4,
  fbs: 5,
  restecg: 6,
  thalach: 7,
  exang: 8,
  oldpeak: 9,
  num: 13,
};
const DROPPED = new Set([10, 11, 12]);

const center = z.object({
  kept_rows: z.array(z.int().min(0)),
  train: z.array(z.int().min(0)),
  test: z.array(z.int().min(0)),
});
const splitFile = z.object({ centers: z.record(z.string(), center) });

/**
 * A hospital's rows like for like with FLamby's Fed-Heart-Disease: rows that still miss a value without slope, ca and thal are
 * dropped, label num > 0, train and test as in flamby-split.json (indices into the kept rows). File order.
 */
export async function patientRows(folder: string, hospital: Hospital): Promise<string[][]> {
  const lines = (await readHospital(folder, hospital)).split(/\r?\n/).filter((line) => line !== '');
  const records = lines.map((line) => line.split(','));
  const kept = records.flatMap((record, row) => (isComplete(record) ? [row] : []));
  const split = await splitOf(hospital);
  if (kept.join() !== split.kept_rows.join()) {
    throw new Error(`flamby-split.json does not fit processed.${hospital.slug}.data. Use the two files of one source.`);
  }
  const part = new Map([
    ...split.train.map((row) => [row, 'train'] as const),
    ...split.test.map((row) => [row, 'test'] as const),
  ]);
  return kept.map((row, place) => patientRow(records[row] as string[], part.get(place) as string));
}

function isComplete(record: readonly string[]): boolean {
  return record.length === 14 && record.every((cell, column) => DROPPED.has(column) || cell !== '?');
}

async function splitOf({ slug }: Hospital): Promise<z.infer<typeof center>> {
  const file = splitFile.parse(JSON.parse(await readFile(referenceFile('flamby-split.json'), 'utf8')));
  const found = file.centers[slug];
  if (found === undefined)
    throw new Error(`reference/flamby-split.json has no centre ${slug}. Take the file that comes with the example.`);
  return found;
}

function patientRow(record: readonly string[], split: string): string[] {
  const number = (name: keyof typeof UCI): string => String(Number(record[UCI[name]]));
  const numbers = ['age', 'sex', 'trestbps', 'chol', 'fbs', 'thalach', 'exang', 'oldpeak', 'cp', 'restecg'] as const;
  return [...numbers.map(number), Number(record[UCI.num]) > 0 ? 'yes' : 'no', split];
}
