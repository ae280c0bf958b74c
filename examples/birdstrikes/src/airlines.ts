import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';

/** One line of the FAA file. */
export type StrikeRecord = Readonly<Record<string, string>>;

export interface Airline {
  /** As in the file, for example `AMERICAN AIRLINES`. */
  readonly name: string;
  /** For folder names, for example `american-airlines`. */
  readonly slug: string;
  readonly records: readonly StrikeRecord[];
}

const NO_AIRLINES = new Set(['MILITARY', 'BUSINESS', 'UNKNOWN', 'PRIVATELY OWNED', 'GOVERNMENT']);
const LEAST_ROWS = 200;
const AIRLINES = 10;
const ROWS = 6840;

/** The ten airlines, by name. Throws when the file is not the one whose checksum stands beside it. */
export async function readAirlines(file = new URL('../data/birdstrikes.csv', import.meta.url)): Promise<Airline[]> {
  const bytes = await readFile(file);
  await requireChecksum(bytes);
  const records = parse(bytes, { columns: true, bom: true }) as StrikeRecord[];
  const byOperator = Map.groupBy(
    records.filter((record) => !NO_AIRLINES.has(operatorOf(record))),
    operatorOf,
  );
  const airlines = [...byOperator]
    .filter(([, rows]) => rows.length >= LEAST_ROWS)
    .map(([name, rows]) => ({ name, slug: name.toLowerCase().replaceAll(' ', '-'), records: rows }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const rows = airlines.reduce((sum, airline) => sum + airline.records.length, 0);
  if (airlines.length !== AIRLINES || rows !== ROWS) {
    throw new Error(
      `Expected ${AIRLINES} airlines with ${ROWS} rows, found ${airlines.length} with ${rows}. Restore the file.`,
    );
  }
  return airlines;
}

function operatorOf(record: StrikeRecord): string {
  return (record['Aircraft Airline Operator'] ?? '').replace(/\*$/, '');
}

async function requireChecksum(bytes: Uint8Array): Promise<void> {
  const line = await readFile(new URL('../data/birdstrikes.csv.sha256', import.meta.url), 'utf8');
  const found = createHash('sha256').update(bytes).digest('hex');
  if (line.split(' ')[0] !== found) {
    throw new Error(
      'examples/birdstrikes/data/birdstrikes.csv does not have its SHA-256. Restore it from the repository.',
    );
  }
}
