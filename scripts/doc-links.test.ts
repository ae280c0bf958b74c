import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { filesBelow } from './source-rules.ts';

/** Design documents are kept as they were handed over; their paths are explained in docs/README.md. */
const WRITTEN_ELSEWHERE = /^docs\/design\//;
const pages = filesBelow('.').filter((path) => path.endsWith('.md') && !WRITTEN_ELSEWHERE.test(path));

const withoutCode = (text: string) => text.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`(?!\])/g, '');

/** Anchor of a heading as the repository's pages give it. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[`*]/g, '')
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

function anchorsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '');
  return [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) => anchorOf(heading!.trim()));
}

function faultsOf(page: string): string[] {
  const links = [...withoutCode(readFileSync(page, 'utf8')).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
  return links.flatMap((link) => {
    if (/^(https?:|mailto:)/.test(link)) return [];
    const [path, anchor] = link.split('#') as [string, string?];
    const target = path === '' ? page : join(dirname(page), path);
    if (!existsSync(target)) return [`${page}: ${link} leads nowhere`];
    if (anchor === undefined || !target.endsWith('.md')) return [];
    return anchorsOf(target).includes(anchor) ? [] : [`${page}: ${link}: there is no such heading`];
  });
}

test('every relative link of a page leads to a file, and to a heading of it where it names one', () => {
  expect(pages.length).toBeGreaterThan(20);
  expect(pages.flatMap(faultsOf)).toEqual([]);
});

test('every page below docs is in the index', () => {
  const index = readFileSync('docs/README.md', 'utf8');
  const missing = pages
    .filter((page) => page.startsWith('docs/') && !page.startsWith('docs/adr/') && page !== 'docs/README.md')
    .filter((page) => !index.includes(`](${page.slice('docs/'.length)}`));
  expect(missing).toEqual([]);
});

test('every decision record is in its list', () => {
  const list = readFileSync('docs/adr/README.md', 'utf8');
  const records = pages.filter((page) => /^docs\/adr\/\d{4}-/.test(page)).map((page) => page.slice('docs/adr/'.length));
  expect(records.filter((record) => !list.includes(`](${record})`))).toEqual([]);
});
