import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One hospital of UCI Heart Disease: file name, checksum of the file, and its name in the split file. */
export interface Hospital {
  readonly slug: 'cleveland' | 'hungarian' | 'switzerland' | 'va';
  readonly name: string;
  readonly sha256: string;
}

export const HOSPITALS: readonly Hospital[] = [
  {
    slug: 'cleveland',
    name: 'Cleveland Clinic Foundation',
    sha256: 'a74b7efa387bc9d108d7d0115d831fe9b414b29ae7124f331b622b4efa0427c8',
  },
  {
    slug: 'hungarian',
    name: 'Hungarian Institute of Cardiology, Budapest',
    sha256: 'd1ad108f785768cd3d7e82dc522e6f5a61eea93cccfb3a46ee8076f73fc3d796',
  },
  {
    slug: 'switzerland',
    name: 'University Hospitals, Zurich and Basel',
    sha256: '834a405ccf5b66ab4056bb77794adc8df0b7125186454c0a1d002d33c6c3b314',
  },
  {
    slug: 'va',
    name: 'V.A. Medical Center, Long Beach',
    sha256: 'e7c93d8d0d2acdadfa4c5e8de768e2191e7f618b952e29623f1f0d5949ff6b8f',
  },
];

/** Folder of the data: `SUMVEIL_HEART_DATA`, else `../shared/data/heart-disease` beside the checkout. */
export function heartFolder(environment: Readonly<Record<string, string | undefined>>): string {
  return (
    environment.SUMVEIL_HEART_DATA ?? fileURLToPath(new URL('../../../../shared/data/heart-disease', import.meta.url))
  );
}

/** Throws with the dataset's number and the place for the files when one is missing or is another version. */
export async function readHospital(folder: string, { slug, sha256 }: Hospital): Promise<string> {
  const file = `processed.${slug}.data`;
  const bytes = await readHeartFile(folder, file);
  if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
    throw new Error(`${join(folder, file)} is not the published file (its SHA-256 differs). ${WHERE}`);
  }
  return bytes.toString('latin1');
}

/** What this example brings along: the split of FLamby and the golden weights. */
export function referenceFile(name: 'flamby-split.json' | 'fedsgd-identity-golden.json'): URL {
  return new URL(`../reference/${name}`, import.meta.url);
}

async function readHeartFile(folder: string, file: string): Promise<Buffer> {
  return readFile(join(folder, file)).catch(() => {
    throw new Error(`${join(folder, file)} cannot be read. ${WHERE}`);
  });
}

const WHERE =
  'Download UCI dataset 45 (Heart Disease, archive.ics.uci.edu/dataset/45), put processed.cleveland.data, ' +
  'processed.hungarian.data, processed.switzerland.data and processed.va.data into one folder, and set ' +
  'SUMVEIL_HEART_DATA to that folder.';
