import { parseArgs } from 'node:util';
import { machine, versions } from './machine.ts';
import { suites } from './suites/index.ts';
import { tableOf } from './table.ts';

/** `npm run bench -- <suite> [--json]`: measures, and prints a table, or one line of JSON on stdout. */
const [name = '', ...args] = process.argv.slice(2);
const suite = Object.hasOwn(suites, name) ? suites[name] : undefined;
if (!suite) {
  const known = Object.entries(suites).map(([key, { about }]) => `  ${key.padEnd(10)} ${about}\n`);
  process.stderr.write(`usage: npm run bench -- <suite> [--json]\n${known.join('')}`);
  process.exit(2);
}
const { values } = parseArgs({ args, options: { json: { type: 'boolean', default: false }, ...suite.options } });

let stop: () => Promise<void> = async () => {};
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stop().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143)));
}
const about = { suite: name, machine: machine(), versions: versions() };
const measured = await suite.run({
  values,
  tell: (line) => process.stderr.write(`${line}\n`),
  onStop: (undo) => {
    stop = undo;
  },
});
if (values.json) process.stdout.write(`${JSON.stringify({ ...about, ...measured })}\n`);
else {
  const { cpu, cores, memoryGiB, loadBefore } = about.machine;
  process.stdout.write(`\n${cpu}, ${cores} cores, ${memoryGiB} GiB; load before ${loadBefore}\n\n`);
  process.stdout.write(tableOf(measured));
}
