import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readAirlines } from './airlines.ts';
import { COLUMNS, strikeRow } from './strike-row.ts';

export interface PreparedAirline {
  readonly name: string;
  readonly slug: string;
  /** Path of the tenant's CSV file. */
  readonly path: string;
  readonly rows: number;
}

/**
 * Writes one `strikes.csv` per airline, mode 0600, into the folder that `folderOf` names (made with mode 0700 if missing).
 * This stands for what the airlines would have at home; nothing later reads the joint file again.
 *
 * @param count airlines that take part, those with most records; default all ten
 */
export async function prepareAirlines(folderOf: (slug: string) => string, count?: number): Promise<PreparedAirline[]> {
  const all = await readAirlines();
  const largest = new Set(all.toSorted((a, b) => b.records.length - a.records.length).slice(0, count));
  const airlines = all.filter((airline) => largest.has(airline));
  return Promise.all(
    airlines.map(async ({ name, slug, records }) => {
      const folder = folderOf(slug);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const path = join(folder, 'strikes.csv');
      await writeFile(path, csvOf(records.map(strikeRow)), { mode: 0o600 });
      return { name, slug, path, rows: records.length };
    }),
  );
}

/** Cells of this file hold no quotes; those with a comma are quoted. */
function csvOf(rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    cells.map((cell) => (cell.includes(',') ? `"${cell}"` : cell)).join(',');
  return `${[COLUMNS, ...rows].map(line).join('\n')}\n`;
}
