import { parseArgs } from 'node:util';
import { machine, versions } from './machine.ts';
import { type Suite, UsageError } from './suite.ts';
import { suites } from './suites/index.ts';
import { tableOf } from './table.ts';

/**
 * `npm run bench -- <suite> [--json]`: measures, and prints a table, or one line of JSON on stdout. Exit 64 for a wrong
 * command line.
 */
const known = Object.entries(suites).map(([key, { about }]) => `  ${key.padEnd(10)} ${about}\n`);
const usage = `usage: npm run bench -- <suite> [--json]\n${known.join('')}`;
const [name = '', ...args] = process.argv.slice(2);
if (process.argv.includes('--help') || process.argv.includes('-h')) {
  process.stdout.write(usage);
  process.exit(0);
}
const suite = Object.hasOwn(suites, name) ? suites[name] : undefined;
if (!suite) refuse(name === '' ? 'No suite is named.' : `There is no suite ${name}.`);
const values = parsed(suite);

function parsed({ options }: Suite): Readonly<Record<string, unknown>> {
  try {
    return parseArgs({ args, options: { json: { type: 'boolean', default: false }, ...options } }).values;
  } catch (error) {
    // Node explains at length how to pass such a word as an argument; no suite has any.
    refuse(`${(error as Error).message.split('. ')[0]!.replace(/\.$/, '')}.`);
  }
}

function refuse(why: string): never {
  process.stderr.write(`${why}\n${usage}`);
  process.exit(64);
}

let stop: () => Promise<void> = async () => {};
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stop().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143)));
}
const about = { suite: name, machine: machine(), versions: versions() };
const measured = await suite
  .run({
    values,
    tell: (line) => process.stderr.write(`${line}\n`),
    onStop: (undo) => {
      stop = undo;
    },
  })
  .catch((error: unknown) => {
    if (error instanceof UsageError) refuse(error.message);
    throw error;
  });
if (values.json) process.stdout.write(`${JSON.stringify({ ...about, ...measured })}\n`);
else {
  const { cpu, cores, memoryGiB, loadBefore } = about.machine;
  process.stdout.write(`\n${cpu}, ${cores} cores, ${memoryGiB} GiB; load before ${loadBefore}\n\n`);
  process.stdout.write(tableOf(measured));
}
