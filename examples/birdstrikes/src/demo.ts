import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createNarrator } from './demo/narrator.ts';
import { type DemoOptions, readOptions, UsageError, usage } from './demo/options.ts';
import { runStory } from './demo/story.ts';
import { createWorkplace } from './demo/workplace.ts';

/** The first run: airlines train one model on their records without showing them to each other. */
const repository = fileURLToPath(new URL('../../../', import.meta.url));
const options = optionsOrExit();
const started = Date.now();
const tell = createNarrator({ json: options.json, started, out: process.stdout });
const place = createWorkplace(repository, started);

try {
  const { answer, verified } = await runStory({ options, place, tell, started });
  if (options.json) process.stdout.write(`${JSON.stringify(answer)}\n`);
  process.exitCode = verified ? 0 : 1;
  if (options.keep && verified) await place.untilStopped();
} catch (error) {
  // After a signal its handler cleans up and ends the process; what fails on the way is its doing.
  if (place.interrupted) await new Promise(() => {});
  tell.live('');
  process.stderr.write(`\nThe demo stopped: ${(error as Error).message}\n`);
  if (process.env.SUMVEIL_DEMO_DEBUG) process.stderr.write(`${(error as Error).stack}\n`);
  process.exitCode = 1;
}
await place.cleanUp({ keepLogs: process.exitCode === 1 });
if (process.exitCode === 1) process.stderr.write(`The logs of all processes: ${relative(repository, place.logs)}\n`);
// Nothing that a failed start left behind may keep the prompt away.
process.exit();

function optionsOrExit(): DemoOptions {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n${usage}\n`);
    process.exit(64);
  }
}
