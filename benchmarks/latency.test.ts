import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { groups } from './latency/cpu-times.ts';
import { steps } from './latency/round-times.ts';
import type { Measured, Result } from './suite.ts';

type Report = Measured & { suite: string; machine: Record<string, unknown>; versions: Record<string, string> };

async function bench(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('bench.ts', import.meta.url)), ...args]);
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (text) => {
    said.stdout += text;
  });
  child.stderr.on('data', (text) => {
    said.stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}

async function latency(...args: string[]): Promise<Report> {
  const { code, stdout, stderr } = await bench('latency', '--json', ...args);
  expect(code, stderr).toBe(0);
  for (const line of stderr.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  return JSON.parse(stdout) as Report;
}

/** What holds on every machine; how fast it was is not asserted. */
function expectWhole(report: Report): void {
  expect(Object.keys(report).sort()).toEqual(['machine', 'ratios', 'results', 'suite', 'versions']);
  expect(report).toMatchObject({ suite: 'latency', machine: { cores: expect.any(Number) } });
  const { results, ratios } = report;
  expect(results.map(({ name }) => name)).toEqual(['round', ...steps, 'release to release', ...groups]);
  for (const { median, min, max } of results) {
    expect(min).toBeGreaterThanOrEqual(0);
    expect(median).toBeGreaterThanOrEqual(min);
    expect(max).toBeGreaterThanOrEqual(median);
  }
  expect(results.find(({ name }) => name === 'round')!.min).toBeGreaterThan(0);
  expect(ratios.evidenceShare).toBeGreaterThan(0);
  expect(ratios.evidenceShare).toBeLessThan(1);
}

it('names the suites it knows', async () => {
  const { code, stderr } = await bench('nothing');
  expect(code).toBe(64);
  expect(stderr).toContain('latency');
});

it('measures a round of five tenants, and its steps add up to it', async () => {
  const report = await latency('--tenants', '5', '--rounds', '2');
  expectWhole(report);
  const median = (wanted: string) => report.results.find(({ name }: Result) => name === wanted)!.median;
  // One round is kept, so medians are its own times.
  expect(steps.reduce((sum, step) => sum + median(step), 0)).toBeCloseTo(median('round'), 2);
}, 120_000);

it.runIf(process.env.SUMVEIL_TEST_ALL)(
  'measures twelve rounds of ten tenants; evidence takes less than a third of them',
  async () => {
    const report = await latency();
    expectWhole(report);
    process.stdout.write(`${JSON.stringify(report)}\n`);
    expect(report.ratios.evidenceShare).toBeLessThan(1 / 3);
  },
  300_000,
);
