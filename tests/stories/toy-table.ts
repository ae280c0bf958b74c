import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TenantSpec } from '@sumveil/constellation';

export interface ToyTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A small invented table: whether something breaks, from its load and its side. The same seed gives the same table. */
export function toyTable(seed: number, rows: number): ToyTable {
  const next = chance(seed);
  return {
    header: ['load', 'side', 'broken'],
    rows: Array.from({ length: rows }, () => {
      const load = Math.round(next() * 1_000) / 100;
      const side = next() < 0.4 ? 'left' : 'right';
      const broken = load / 10 + (side === 'left' ? 0.2 : 0) + next() * 0.6 > 0.85 ? 'yes' : 'no';
      return [String(load), side, broken];
    }),
  };
}

export function writeTable(path: string, { header, rows }: ToyTable): void {
  writeFileSync(path, `${[header, ...rows].map((cells) => cells.join(',')).join('\n')}\n`, { mode: 0o600 });
}

/** Tenants with a table each; `table` may alter what one of them holds. */
export function toyTenants(
  base: string,
  count: number,
  table: (i: number) => ToyTable = (i) => toyTable(i + 1, 40 + 4 * i),
): TenantSpec[] {
  return Array.from({ length: count }, (_, i) => {
    const slug = `site-${i + 1}`;
    const folder = join(base, 'tenants', slug, 'data');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const csv = join(folder, 'table.csv');
    writeTable(csv, table(i));
    return { name: `Site ${i + 1}`, slug, region: 'EU', csv };
  });
}

/** Linear congruential generator of Numerical Recipes: test data only. */
function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
