import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { csvDataset } from '@sumveil/trainers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAirlines } from './airlines.ts';
import { type PreparedAirline, prepareAirlines } from './prepare.ts';
import { birdstrikesTask } from './task.ts';

let folder: string;
let airlines: PreparedAirline[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sumveil-strikes-'));
  airlines = await prepareAirlines((slug) => join(folder, slug));
});
afterAll(() => rm(folder, { recursive: true }));

describe('data of ten airlines', () => {
  it('is 6,840 rows of the operators with at least 200', () => {
    expect(airlines.map(({ name, rows }) => `${name} ${rows}`)).toEqual([
      'AMERICA WEST AIRLINES 275',
      'AMERICAN AIRLINES 2171',
      'AMERICAN EAGLE AIRLINES 223',
      'DELTA AIR LINES 865',
      'FEDEX EXPRESS 365',
      'NORTHWEST AIRLINES 256',
      'SOUTHWEST AIRLINES 844',
      'UNITED AIRLINES 534',
      'UPS AIRLINES 223',
      'US AIRWAYS 1084',
    ]);
  });

  it('keeps the contract of the plan at every airline', async () => {
    const task = birdstrikesTask();
    const data = await Promise.all(airlines.map(({ path }) => csvDataset(path, task)));
    expect(data.map(({ columns }) => columns.length)).toEqual(new Array(10).fill(44));
    expect(data.reduce((sum, { train, test }) => sum + train.rows + test.rows, 0)).toBe(6840);
  });

  it('has no cost column, nor the name of an operator', async () => {
    for (const { path, name } of airlines) {
      const text = await readFile(path, 'utf8');
      expect(text.split('\n')[0]).toBe('speed,speedKnown,phase,size,time,season,aircraft,species,damage');
      expect(text).not.toContain(name);
    }
  });

  it('is readable by its owner only', async () => {
    const path = airlines[0]?.path as string;
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
  });

  it('is refused when the source file is not the one with the checksum', async () => {
    const other = new URL('../data/README.md', import.meta.url);
    await expect(readAirlines(other)).rejects.toThrow(/SHA-256/);
  });
});
