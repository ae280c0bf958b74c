import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Rules of docs/style that no linter has: length, names, unfinished work, sources of time and chance in pure packages. */

const MAX_LINES = 300;
const LEFT_OUT = new Set(['node_modules', '.vitest', '.git', '.sumveil', 'generated', 'vectors']);
const SOURCE = /\.(ts|mts|cts|js|mjs|cjs|py|sh|sql|prisma|cedar)$/;
/** Schemas and migrations are one list by nature; their length says nothing about how many things they say. */
const ONE_LIST = /\.(sql|prisma)$/;
const EMPTY_NAMES = /(^|\/)(utils?|helpers?|common|shared|misc|lib|managers?)(\/|\.[a-z.]+$)/;
const UNFINISHED = /\b(TODO|FIXME|XXX|HACK)\b/;
const PURE = /^packages\/(secagg|privacy|transparency|approvals|learning)\/src\//;
const TEST = /\.test\.ts$/;
/** Masks, shares and keys must never come from a generator that can be predicted (secure-aggregation.md section 23). */
const WEAK_CHANCE = /\bMath\.random\b/;
/** A pure package is handed its clock and its randomness (architecture.md, decision 5). */
const OWN_CLOCK_OR_CHANCE = /\b(Date\.now|new Date\(\)|performance\.now|randomBytes|getRandomValues|randomUUID)\b/;

/** @returns what is wrong with one file, each fault a line that says where and why */
export function faultsOf(path: string, text: string): string[] {
  const faults: string[] = [];
  if (EMPTY_NAMES.test(path)) faults.push(`${path}: this name says nothing; name it after the one thing it holds`);
  if (!SOURCE.test(path)) return faults;
  const lines = text.split('\n');
  const length = lines.at(-1) === '' ? lines.length - 1 : lines.length;
  if (length > MAX_LINES && !ONE_LIST.test(path)) {
    faults.push(`${path}: ${length} lines, the limit is ${MAX_LINES}; split it by what it says`);
  }
  if (path === 'scripts/source-rules.ts' || TEST.test(path)) return faults;
  for (const [index, line] of lines.entries()) {
    const at = `${path}:${index + 1}`;
    if (UNFINISHED.test(line)) faults.push(`${at}: unfinished work; do it, or open an issue`);
    if (WEAK_CHANCE.test(line)) faults.push(`${at}: Math.random can be predicted; take a generator from deps`);
    if (PURE.test(path) && OWN_CLOCK_OR_CHANCE.test(line)) {
      faults.push(`${at}: a pure package takes time and randomness as arguments`);
    }
  }
  return faults;
}

/** @returns every file below `folder` that the rules look at, as paths relative to the root */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (LEFT_OUT.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}

if (import.meta.main) {
  const faults = filesBelow('.').flatMap((path) => faultsOf(path, SOURCE.test(path) ? readFileSync(path, 'utf8') : ''));
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
