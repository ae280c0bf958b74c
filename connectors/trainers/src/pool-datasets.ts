import { digestOf } from '@sumveil/wire';
import type { Dataset, Rows } from './dataset.ts';

/**
 * All tenants' rows in one dataset, splits kept, for the pooled baseline: `loneBaseline` on it is centralised training.
 * Only somebody who may read every file can call this (a demo, a simulation); a connector has one file and no use for it.
 */
export function poolDatasets(datasets: readonly Dataset[]): Dataset {
  const columns = datasets[0]?.columns ?? [];
  const digests = datasets.map(({ digest }) => digest).join('\n');
  return {
    digest: digestOf(Buffer.from(digests)),
    columns,
    train: concatenate(
      datasets.map(({ train }) => train),
      columns.length,
    ),
    test: concatenate(
      datasets.map(({ test }) => test),
      columns.length,
    ),
  };
}

function concatenate(parts: readonly Rows[], width: number): Rows {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const x = new Float64Array(rows * width);
  const y = new Float64Array(rows);
  let at = 0;
  for (const part of parts) {
    x.set(part.x, at * width);
    y.set(part.y, at);
    at += part.rows;
  }
  return { rows, x, y };
}
