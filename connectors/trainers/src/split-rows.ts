import { seededRandom, shuffle, type Table, type TrainTask } from '@sumveil/learning';
import type { Rows } from './dataset.ts';
import { TrainersError } from './error.ts';

/**
 * Train and test rows, each in file order. Same file and task, same split. Seeded: of each class (of all rows for a
 * numeric label) the first round(testFraction x rows) of a shuffle are test rows; at least one row of a class stays for training.
 */
export function splitRows(table: Table, task: TrainTask, all: Rows): { train: Rows; test: Rows } {
  const isTest = 'column' in task.split ? fileSplit(table, task.split.column) : seededSplit(task, task.split, all);
  const places = Array.from({ length: all.rows }, (_, row) => row);
  const train = places.filter((row) => isTest[row] === 0);
  if (train.length === 0) {
    throw new TrainersError(
      'DATA_READ',
      'The split leaves no row to train on. Check the split column or the fraction.',
    );
  }
  return {
    train: pick(all, train),
    test: pick(
      all,
      places.filter((row) => isTest[row] === 1),
    ),
  };
}

function fileSplit(table: Table, column: string): Uint8Array {
  const place = table.columns.indexOf(column);
  return Uint8Array.from(table.rows, (cells) => Number(cells[place] === 'test'));
}

function seededSplit(
  task: TrainTask,
  { testFraction, seed }: { testFraction: number; seed: number },
  all: Rows,
): Uint8Array {
  const isTest = new Uint8Array(all.rows);
  const classes = task.kind === 'linear' ? [undefined] : [0, 1];
  for (const wanted of classes) {
    const members = Int32Array.from(all.y.keys()).filter((row) => wanted === undefined || all.y[row] === wanted);
    shuffle(members, seededRandom(seed, `split/${wanted ?? 'all'}`));
    const tested = Math.min(Math.round(testFraction * members.length), members.length - 1);
    for (const row of members.subarray(0, Math.max(tested, 0))) isTest[row] = 1;
  }
  return isTest;
}

function pick(all: Rows, places: readonly number[]): Rows {
  const width = all.x.length / all.rows;
  const x = new Float64Array(places.length * width);
  places.forEach((place, row) => {
    x.set(all.x.subarray(place * width, (place + 1) * width), row * width);
  });
  return { rows: places.length, x, y: Float64Array.from(places, (place) => all.y[place] as number) };
}
