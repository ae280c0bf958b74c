import { describe, expect, it } from 'vitest';
import { parseTask } from '../task/schema.ts';
import { smallTask } from '../task/task.fixture.ts';
import { checkData } from './check.ts';
import type { Table } from './table.ts';

const task = parseTask(smallTask);
const columns = ['speed', 'phase', 'damage'];
const good = [
  ['120', 'Climb', 'yes'],
  ['', 'Taxi', 'no'],
  ['80.5', 'Approach', 'no'],
  ['400', 'Climb', 'no'],
];
const table = (rows: string[][], names = columns): Table => ({ columns: names, rows });
const withCell = (row: number, column: number, cell: string): string[][] =>
  good.map((cells, i) => (i === row ? cells.with(column, cell) : cells));

describe('data contract', () => {
  it('lets good data pass, whatever the order of the columns and with others beside them', () => {
    expect(checkData(table(good), task)).toEqual([]);
    const turned = good.map(([speed, phase, damage]) => [damage, 'x', phase, speed] as string[]);
    expect(checkData(table(turned, ['damage', 'note', 'phase', 'speed']), task)).toEqual([]);
  });

  it.each([
    ['NaN', withCell(0, 0, 'NaN'), 'TYPE', 1],
    ['Infinity', withCell(0, 0, 'Infinity'), 'TYPE', 1],
    ['a hexadecimal number', withCell(0, 0, '0x10'), 'TYPE', 1],
    ['a number that overflows', withCell(0, 0, '1e999'), 'TYPE', 1],
    ['a number out of range', withCell(0, 0, '400.1'), 'RANGE', 1],
    ['an empty category', withCell(0, 1, ''), 'MISSING_VALUE', 2],
    ['an unknown category', withCell(0, 1, 'Orbit'), 'CATEGORY', 2],
    ['a label outside its classes', withCell(0, 2, 'maybe'), 'LABEL_DOMAIN', 3],
    ['one class', withCell(0, 2, 'no'), 'ONE_CLASS', 3],
    ['too few rows', good.slice(0, 3), 'ROWS_MIN', 0],
    ['too many rows', new Array<string[]>(101).fill(good[0] as string[]).with(1, good[1] as string[]), 'ROWS_MAX', 0],
    ['a row of another length', [...good, ['1', 'Climb']], 'ROW_LENGTH', 0],
  ])('finds %s', (_, rows, code, field) => {
    expect(checkData(table(rows), task)).toEqual([expect.objectContaining({ code, field })]);
  });

  it('finds a missing and a doubled column', () => {
    expect(checkData(table([], ['speed', 'damage', 'damage']), task).map(({ code, field }) => [code, field])).toEqual([
      ['COLUMN_MISSING', 2],
      ['COLUMN_DUPLICATE', 3],
    ]);
  });

  it('refuses an empty number unless the plan puts it at the mean', () => {
    const strict = parseTask({ ...smallTask, features: [{ name: 'speed', kind: 'numeric', min: 0, max: 400 }] });
    expect(checkData(table(good), strict)).toEqual([expect.objectContaining({ code: 'MISSING_VALUE', field: 1 })]);
  });

  it('counts classes among the train rows of a file split, and lets one class pass where the plan allows it', () => {
    const split = { ...smallTask, split: { column: 'part' } };
    const rows = good.map((cells, i) => [...cells, i === 0 ? 'test' : 'train']);
    const names = [...columns, 'part'];
    expect(checkData(table(rows, names), parseTask(split))).toEqual([
      expect.objectContaining({ code: 'ONE_CLASS', field: 3 }),
    ]);
    expect(checkData(table(rows, names), parseTask({ ...split, allowOneClass: true }))).toEqual([]);
    const odd = rows.map((cells) => cells.with(3, 'validation'));
    expect(checkData(table(odd, names), parseTask({ ...split, allowOneClass: true }))).toEqual([
      expect.objectContaining({ code: 'SPLIT_DOMAIN', field: 4 }),
    ]);
  });

  it('never repeats a value of the data', () => {
    const secret = 'SECRET77';
    const rows = good.map(() => [secret, secret, secret]);
    expect(JSON.stringify(checkData(table(rows), task))).not.toContain(secret);
  });
});
