import { readFile } from 'node:fs/promises';
import { checkData, designColumns, type Table, type TrainTask } from '@sumveil/learning';
import { digestOf } from '@sumveil/wire';
import { parse } from 'csv-parse/sync';
import type { Dataset } from './dataset.ts';
import { encodeRows } from './encode-rows.ts';
import { TrainersError } from './error.ts';
import { splitRows } from './split-rows.ts';

const FILE_LIMIT = 1 << 30;

/**
 * Reads a CSV file (UTF-8, comma, header line) and checks it against the data contract of the task. Throws DATA_READ when it
 * is no such file, DATA_CONTRACT with every fault when its content may not take part.
 */
export async function csvDataset(path: string, task: TrainTask): Promise<Dataset> {
  const bytes = await readBytes(path);
  return tableDataset(parseCsv(bytes), task, digestOf(bytes));
}

/** The same for rows that are already in memory; `digest` names their version. */
export function tableDataset(table: Table, task: TrainTask, digest: string): Dataset {
  const faults = checkData(table, task);
  if (faults.length > 0) {
    const list = faults.map(({ code, detail }) => `${code}: ${detail}`).join('; ');
    throw new TrainersError(
      'DATA_CONTRACT',
      `The data does not keep the plan's contract (${list}). Correct the file or stay out of this run.`,
      faults,
    );
  }
  const all = encodeRows(table, task);
  const { train, test } = splitRows(table, task, all);
  return { digest, columns: designColumns(task).map(({ name }) => name), train, test };
}

async function readBytes(path: string): Promise<Buffer> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new TrainersError(
      'DATA_READ',
      `The data file cannot be read (${cause.code ?? 'unknown error'}). Check dataPath and its rights.`,
    );
  });
  if (bytes.length > FILE_LIMIT)
    throw new TrainersError('DATA_READ', 'The data file is larger than 1 GiB. Split the data.');
  return bytes;
}

function parseCsv(bytes: Buffer): Table {
  let records: string[][];
  try {
    records = parse(bytes, { bom: true, relax_column_count: true, skip_empty_lines: true }) as string[][];
  } catch (cause) {
    // The parser's message quotes cells; only its code is safe to pass on.
    const code = (cause as { code?: string }).code ?? 'CSV_ERROR';
    throw new TrainersError('DATA_READ', `The data file is not CSV (${code}). Export it again with a header line.`);
  }
  const [columns, ...rows] = records;
  if (columns === undefined) throw new TrainersError('DATA_READ', 'The data file is empty. Export it again.');
  return { columns, rows };
}
