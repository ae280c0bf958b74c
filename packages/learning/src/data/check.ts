import type { Feature, TrainTask } from '../task/schema.ts';
import { parseNumber, type Table } from './table.ts';

export type DataFaultCode =
  | 'COLUMN_MISSING'
  | 'COLUMN_DUPLICATE'
  | 'TYPE'
  | 'MISSING_VALUE'
  | 'RANGE'
  | 'CATEGORY'
  | 'LABEL_DOMAIN'
  | 'SPLIT_DOMAIN'
  | 'ROWS_MIN'
  | 'ROWS_MAX'
  | 'ROW_LENGTH'
  | 'ONE_CLASS';

/**
 * `field`: 0 the file as a whole, 1..k the plan's features in order, k+1 the label, k+2 the split column. Code and field
 * may leave the site; `detail` is for the tenant's own report and names column and rule, never a value (learning.md 2).
 */
export interface DataFault {
  readonly code: DataFaultCode;
  readonly field: number;
  readonly detail: string;
}

/** Every way in which the table breaks the plan's data contract, one fault per field and rule; empty when it may take part. */
export function checkData(table: Table, task: TrainTask): DataFault[] {
  const structure = structureFaults(table, task);
  if (structure.length > 0) return structure;
  const faults = task.features.flatMap((feature, i) => featureFaults(cellsOf(table, feature.name), feature, i + 1));
  return [...faults, ...labelFaults(table, task), ...splitFaults(table, task), ...rowFaults(table, task)];
}

function structureFaults(table: Table, task: TrainTask): DataFault[] {
  const names = [...task.features.map(({ name }) => name), task.label.name];
  if ('column' in task.split) names.push(task.split.column);
  const faults: DataFault[] = [];
  names.forEach((name, i) => {
    const found = table.columns.filter((column) => column === name).length;
    if (found === 0) faults.push({ code: 'COLUMN_MISSING', field: i + 1, detail: `column ${name} is missing` });
    if (found > 1)
      faults.push({ code: 'COLUMN_DUPLICATE', field: i + 1, detail: `column ${name} occurs ${found} times` });
  });
  const uneven = table.rows.filter((row) => row.length !== table.columns.length).length;
  if (uneven > 0)
    faults.push({ code: 'ROW_LENGTH', field: 0, detail: `${uneven} rows do not have one cell per column` });
  return faults;
}

function cellsOf(table: Table, name: string): string[] {
  const place = table.columns.indexOf(name);
  return table.rows.map((row) => row[place] as string);
}

function featureFaults(cells: readonly string[], feature: Feature, field: number): DataFault[] {
  if (feature.kind === 'numeric') return numericFaults(cells, feature, feature.missing === 'mean', field);
  const allowed = new Set([...feature.categories, ...(feature.reference === undefined ? [] : [feature.reference])]);
  return counted(cells, field, feature.name, [
    ['MISSING_VALUE', (cell) => cell === '', 'are empty'],
    ['CATEGORY', (cell) => cell !== '' && !allowed.has(cell), 'are not a category of the plan'],
  ]);
}

function numericFaults(
  cells: readonly string[],
  { name, min, max }: { name: string; min: number; max: number },
  mayMiss: boolean,
  field: number,
): DataFault[] {
  const outside = (cell: string): boolean => {
    const value = parseNumber(cell);
    return value !== undefined && (value < min || value > max);
  };
  return counted(cells, field, name, [
    ['MISSING_VALUE', (cell) => cell === '' && !mayMiss, 'are empty'],
    ['TYPE', (cell) => cell !== '' && parseNumber(cell) === undefined, 'are not a finite decimal number'],
    ['RANGE', outside, `are outside ${min}..${max}`],
  ]);
}

function labelFaults(table: Table, task: TrainTask): DataFault[] {
  const { label } = task;
  const cells = cellsOf(table, label.name);
  const field = task.features.length + 1;
  if ('min' in label) return numericFaults(cells, label, false, field);
  const faults = counted(cells, field, label.name, [
    ['LABEL_DOMAIN', (cell) => cell !== label.positive && cell !== label.negative, 'are neither class of the label'],
  ]);
  const train = 'column' in task.split ? trainCells(table, cells, task.split.column) : cells;
  if (!task.allowOneClass && faults.length === 0 && new Set(train).size < 2) {
    faults.push({ code: 'ONE_CLASS', field, detail: `column ${label.name} has one class only among the train rows` });
  }
  return faults;
}

function trainCells(table: Table, cells: readonly string[], column: string): string[] {
  const split = cellsOf(table, column);
  return cells.filter((_, row) => split[row] === 'train');
}

function splitFaults(table: Table, task: TrainTask): DataFault[] {
  if (!('column' in task.split)) return [];
  return counted(cellsOf(table, task.split.column), task.features.length + 2, task.split.column, [
    ['SPLIT_DOMAIN', (cell) => cell !== 'train' && cell !== 'test', 'are neither train nor test'],
  ]);
}

function rowFaults(table: Table, { rows: { min, max } }: TrainTask): DataFault[] {
  const rows = table.rows.length;
  if (rows < min)
    return [{ code: 'ROWS_MIN', field: 0, detail: `the file has fewer rows than the plan's minimum of ${min}` }];
  if (rows > max)
    return [{ code: 'ROWS_MAX', field: 0, detail: `the file has more rows than the plan's maximum of ${max}` }];
  return [];
}

type Rule = [code: DataFaultCode, broken: (cell: string) => boolean, phrase: string];

function counted(cells: readonly string[], field: number, name: string, rules: readonly Rule[]): DataFault[] {
  return rules.flatMap(([code, broken, phrase]) => {
    const count = cells.filter(broken).length;
    return count === 0 ? [] : [{ code, field, detail: `column ${name}: ${count} of ${cells.length} cells ${phrase}` }];
  });
}
