import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseTask } from '@sumveil/learning';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csvDataset, tableDataset } from './csv-dataset.ts';
import { columns, strikes, taskValue } from './tenant.fixture.ts';

const task = parseTask(taskValue);
let folder: string;

async function fileOf(text: string): Promise<string> {
  const path = join(folder, 'data.csv');
  await writeFile(path, text);
  return path;
}

const csv = (rows: readonly (readonly string[])[]): string =>
  [columns, ...rows].map((cells) => cells.join(',')).join('\n');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sumveil-csv-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('CSV dataset', () => {
  it('encodes numbers, categories and labels, and names the file by its digest', async () => {
    const text = csv(strikes(40).rows);
    const data = await csvDataset(await fileOf(text), task);
    expect(data.digest).toBe(`sha256:${createHash('sha256').update(text).digest('hex')}`);
    expect(data.columns).toEqual(['speed', 'phase=Approach', 'phase=Climb']);
    expect(data.train.rows + data.test.rows).toBe(40);
    expect(data.train.x.length).toBe(data.train.rows * 3);
    expect([...data.train.y].every((label) => label === 0 || label === 1)).toBe(true);
    const [ones, missing] = [data.train.x.filter((_, i) => i % 3 > 0), data.train.x.filter((_, i) => i % 3 === 0)];
    expect(ones.every((value) => value === 0 || value === 1)).toBe(true);
    expect(missing.some(Number.isNaN)).toBe(true);
  });

  it('splits the same rows each time, stratified by class, other rows under another seed', () => {
    const table = strikes(200);
    const data = tableDataset(table, task, '');
    expect(tableDataset(table, task, '')).toEqual(data);
    const share = (y: Float64Array): number => y.reduce((a, b) => a + b, 0) / y.length;
    expect(share(data.test.y)).toBeCloseTo(share(data.train.y), 1);
    expect(data.test.rows).toBe(50);
    const other = parseTask({ ...taskValue, split: { testFraction: 0.25, seed: 8 } });
    expect(tableDataset(table, other, '').test.x).not.toEqual(data.test.x);
  });

  it('keeps a row of each class for training', () => {
    const half = parseTask({ ...taskValue, split: { testFraction: 0.9, seed: 1 } });
    const rows = strikes(12).rows.map((cells, i) => cells.with(2, i === 3 ? 'yes' : 'no'));
    expect([...tableDataset({ columns, rows }, half, '').train.y].sort()).toEqual([0, 1]);
  });

  it('takes the split of the file where the plan names a column', () => {
    const split = parseTask({ ...taskValue, split: { column: 'part' } });
    const rows = strikes(20).rows.map((cells, i) => [...cells, i < 5 ? 'test' : 'train']);
    const data = tableDataset({ columns: [...columns, 'part'], rows }, split, '');
    expect([data.train.rows, data.test.rows]).toEqual([15, 5]);
  });

  it.each([
    ['NaN in the data', (rows: string[][]) => rows.with(2, ['NaN', 'Climb', 'yes']), 'TYPE', 1],
    ['one class', (rows: string[][]) => rows.map((cells) => cells.with(2, 'no')), 'ONE_CLASS', 3],
    ['a cell too many', (rows: string[][]) => rows.with(2, ['1', 'Climb', 'yes', 'no']), 'ROW_LENGTH', 0],
  ])('refuses %s with code and field', async (_, change, code, field) => {
    const path = await fileOf(csv(change(strikes(20).rows.map((cells) => [...cells]))));
    await expect(csvDataset(path, task)).rejects.toMatchObject({ code: 'DATA_CONTRACT', faults: [{ code, field }] });
  });

  it('says why a file cannot be read, without a value from it', async () => {
    await expect(csvDataset(join(folder, 'none.csv'), task)).rejects.toMatchObject({ code: 'DATA_READ' });
    await expect(csvDataset(await fileOf(''), task)).rejects.toMatchObject({ code: 'DATA_READ' });
    const broken = csvDataset(await fileOf('speed,phase,damage\n"SECRET77" x,Climb,yes'), task);
    await expect(broken).rejects.toMatchObject({ code: 'DATA_READ', message: expect.not.stringContaining('SECRET77') });
  });
});
