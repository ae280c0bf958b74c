import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { styleText } from 'node:util';

/**
 * Runs every `check:*` script of package.json, as many at a time as there are cores, and prints a line for each; the output of
 * one that fails stands below its line. Exit code 1 if any failed. `npm run check -- types lint` runs only those.
 */
interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
const wanted = process.argv.slice(2);
const names = Object.keys(scripts).filter(
  (name) => name.startsWith('check:') && (wanted.length === 0 || wanted.includes(name.slice('check:'.length))),
);

/** The command as npm would run it; npm itself would cost each check another third of a second. */
function run(command: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', `exec ${command}`], { stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, output: Buffer.concat(chunks).toString() }));
  });
}

async function runNext(): Promise<void> {
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    const started = performance.now();
    const { ok, output } = await run(scripts[name] as string);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${ok ? styleText('green', 'ok    ') : styleText('red', 'FAILED')} ${name} ${seconds} s`);
    if (!ok) {
      process.exitCode = 1;
      console.log(output.trimEnd().replaceAll(/^/gm, '       '));
    }
  }
}

if (names.length === 0) {
  console.error(`No such check: ${wanted.join(', ')}. There are: ${Object.keys(scripts).join(', ')}.`);
  process.exitCode = 1;
}
await Promise.all(Array.from({ length: availableParallelism() }, runNext));
