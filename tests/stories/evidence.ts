import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '@sumveil/constellation';
import type { Rows } from './rows.ts';

/** Bytes that the coordinator's side holds, and where. */
export interface Held {
  readonly where: string;
  readonly bytes: Buffer;
}

/** Every cell of every table; bytes as they are, everything else as text. */
export async function heldInDatabase(rows: Rows): Promise<Held[]> {
  const tables = await rows.all<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
  );
  const held: Held[] = [];
  for (const { name } of tables) {
    for (const row of await rows.all<Record<string, unknown>>(`SELECT * FROM "${name}"`)) {
      for (const [column, value] of Object.entries(row)) {
        if (value !== null) held.push({ where: `${name}.${column}`, bytes: bytesOf(value) });
      }
    }
  }
  return held;
}

/** Tables that the queue keeps in schemas of its own. */
export async function heldInQueue(rows: Rows): Promise<Held[]> {
  const tables = await rows.all<{ schema: string; name: string }>(
    `SELECT table_schema AS schema, table_name AS name FROM information_schema.tables
      WHERE table_schema NOT IN ('public', 'pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'`,
  );
  const held = await Promise.all(
    tables.map(async ({ schema, name }) => {
      const found = await rows.all<{ row: string }>(`SELECT t::text AS row FROM "${schema}"."${name}" t`);
      return found.map(({ row }) => ({ where: `${schema}.${name}`, bytes: Buffer.from(row) }));
    }),
  );
  return held.flat();
}

/** Files of the coordinator's folders and its logs. */
export function heldInFolders(
  { folders }: World,
  names: readonly ('api' | 'worker' | 'signer' | 'artifacts' | 'logs')[],
) {
  return names.flatMap((name) =>
    filesBelow(folders[name]).map((path) => ({
      where: `${name}/${path.slice(folders[name].length + 1)}`,
      bytes: readFileSync(path),
    })),
  );
}

/** The same with what stands in base64 inside of it, so that nothing hides in an envelope. */
export function opened(held: readonly Held[]): Held[] {
  return held.flatMap(({ where, bytes }) => {
    const inner = [...bytes.toString('latin1').matchAll(/[A-Za-z0-9+/_-]{24,}={0,2}/g)];
    const decoded = inner.map(([text]) => ({ where: `${where} (base64)`, bytes: Buffer.from(text, 'base64') }));
    return [{ where, bytes }, ...decoded];
  });
}

/** Places in which any of these byte strings stands, each once. */
export function placesOf(held: readonly Held[], needles: readonly (string | Buffer)[]): string[] {
  const found = held.filter(({ bytes }) => needles.some((needle) => bytes.includes(needle)));
  return [...new Set(found.map(({ where }) => where))].toSorted();
}

/** Places in which one of these numbers stands as a word of its own. */
export function placesOfNumbers(held: readonly Held[], numbers: readonly (number | bigint)[]): string[] {
  const words = [...new Set(numbers.map(String))].map((text) => text.replaceAll('.', '\\.'));
  const pattern = new RegExp(`(?<![\\w.])(${words.join('|')})(?![\\w.])`);
  const found = held.filter(({ bytes }) => pattern.test(bytes.toString('latin1')));
  return [...new Set(found.map(({ where, bytes }) => `${where}: ${pattern.exec(bytes.toString('latin1'))?.[0]}`))];
}

function bytesOf(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof Date) return Buffer.from(value.toISOString());
  return Buffer.from(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}
