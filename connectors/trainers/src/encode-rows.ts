import { type Feature, parseNumber, type Table, type TrainTask } from '@sumveil/learning';
import type { Rows } from './dataset.ts';

/** Encodes a table that kept the contract: numbers as they are, one column per category, NaN for an allowed empty cell. */
export function encodeRows(table: Table, task: TrainTask): Rows {
  const encoders = task.features.map((feature) => encoderOf(feature, table.columns.indexOf(feature.name)));
  const width = encoders.reduce((sum, encoder) => sum + encoder.width, 0);
  const rows = table.rows.length;
  const x = new Float64Array(rows * width);
  const y = new Float64Array(rows);
  const labelPlace = table.columns.indexOf(task.label.name);
  table.rows.forEach((cells, row) => {
    let at = row * width;
    for (const { place, write, width: columns } of encoders) {
      write(cells[place] as string, x, at);
      at += columns;
    }
    const label = cells[labelPlace] as string;
    y[row] = 'positive' in task.label ? Number(label === task.label.positive) : (parseNumber(label) as number);
  });
  return { rows, x, y };
}

interface Encoder {
  readonly place: number;
  readonly width: number;
  write(cell: string, x: Float64Array, at: number): void;
}

function encoderOf(feature: Feature, place: number): Encoder {
  if (feature.kind === 'numeric') {
    return {
      place,
      width: 1,
      write: (cell, x, at) => {
        x[at] = parseNumber(cell) ?? Number.NaN;
      },
    };
  }
  const places = new Map(feature.categories.map((category, i) => [category, i]));
  return {
    place,
    width: places.size,
    write: (cell, x, at) => {
      const category = places.get(cell);
      if (category !== undefined) x[at + category] = 1;
    },
  };
}
