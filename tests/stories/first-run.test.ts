import { execFileSync, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import type { Browser } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { look, type Seen, startBrowser } from './browser.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Ended {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The demo as a pipe sees it: no terminal, no colours asked for. */
function demo(...args: string[]): Promise<Ended> {
  const { FORCE_COLOR: _, NO_COLOR: __, ...env } = process.env;
  const child = spawn(process.execPath, ['examples/birdstrikes/src/demo.ts', ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (more: string) => (stdout += more));
  child.stderr.setEncoding('utf8').on('data', (more: string) => (stderr += more));
  return new Promise((resolve) => child.on('close', (exit) => resolve({ exit, stdout, stderr })));
}

/** What stands on the pages of a PDF: poppler ends each with a form feed. */
function printed({ pdf }: Seen): { pages: number; text: string } {
  const text = execFileSync('pdftotext', ['-', '-'], { input: pdf, encoding: 'utf8' });
  return { pages: text.split('\f').length - 1, text: text.replaceAll(/\s+/g, ' ') };
}

const page = (name: string, told: string) => join(root, told.match(new RegExp(`\\S+/${name}`))![0]);

describe('the first run with four airlines and two training rounds', () => {
  let run: Ended;
  let browser: Browser;
  let report: Seen;
  let firstRun: Seen;

  beforeAll(async () => {
    [run, browser] = await Promise.all([demo('--tenants', '4', '--rounds', '2'), startBrowser()]);
    if (run.exit !== 0) throw new Error(`${run.stdout}\n${run.stderr}`);
    report = await look(browser, page('report.html', run.stdout), [1280, 390]);
    firstRun = await look(browser, page('first-run.html', run.stdout), [1280, 390]);
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    if (run?.exit === 0) rmSync(dirname(page('report.html', run.stdout)), { recursive: true, force: true });
  });

  it('tells its story within 80 columns, without colours or cursor moves', () => {
    const lines = run.stdout.split('\n');
    expect(lines.length).toBeGreaterThan(60);
    for (const line of lines) expect(Array.from(line).length, line).toBeLessThanOrEqual(80);
    expect(run.stdout).toBe(stripVTControlCharacters(run.stdout));
    expect(run.stdout).not.toContain('\r');
    expect(run.stderr).toBe('');
  });

  it('says that so small a cohort was allowed by each airline, and goes on when a connector dies', () => {
    expect(run.stdout).toContain('{"minCohort":4,"minHonest":2}');
    expect(run.stdout).toMatch(/kill -9 of .+ connector/);
    expect(run.stdout).toMatch(/\n +3 {2}train +3\/4 /);
    expect(run.stdout).toContain('VERIFIED');
    expect(report.text).toContain('Small cohort in round 1, 2, 3, 4');
    expect(firstRun.text).toContain('fewer than a connector accepts by itself');
  });

  it('ends with a summary that fits a screen of 24 lines', () => {
    const [, told = ''] = run.stdout.split('. In short');
    const summary = told.trimEnd().split('\n');
    expect(summary.length).toBeGreaterThan(10);
    expect(summary.length).toBeLessThanOrEqual(24);
  });

  it.each(['report', 'first-run'])(
    '%s opens without scripts, errors, requests, or a page wider than the window',
    (name) => {
      const seen = name === 'report' ? report : firstRun;
      expect(seen.errors).toEqual([]);
      expect(seen.requests).toEqual([]);
      expect(seen.widths).toEqual({ 1280: 1280, 390: 390 });
    },
  );

  it('the report shows what the auditor asks for, each figure with its unit', () => {
    const wanted = ['Lineage', 'Policy: start', 'promotion', 'AUC (0 to 1, chance 0.5)', 'Accuracy (share of rows)'];
    for (const text of [...wanted, 'base rate 0.', 'tenants (number)', 'duration (s)', 'Loss (nats a row)'])
      expect(report.text).toContain(text);
  });

  it('both print: pages of A4 with their last words on them', () => {
    expect(printed(report)).toMatchObject({ pages: expect.toSatisfy((pages: number) => pages >= 3 && pages <= 8) });
    expect(printed(report).text).toContain('no value of a single tenant is in this report');
    expect(printed(firstRun).pages).toBeLessThanOrEqual(3);
    expect(printed(firstRun).text).toContain('DeLong');
  });
});

it('a value out of bounds ends the demo with 64, its reason, and nothing on stdout', async () => {
  const { exit, stdout, stderr } = await demo('--tenants', '3');
  expect([exit, stdout]).toEqual([64, '']);
  expect(stderr).toContain('no sum survives');
  expect(stderr).toContain('Usage: ./scripts/demo');
});
