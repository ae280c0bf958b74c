import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { collectApprovals, start, startTooEarly, submitPlan } from './demo/approve.ts';
import { agreeOnRoster, startAirlines, tellKeyHolders } from './demo/constellation.ts';
import { exportEvidence } from './demo/evidence.ts';
import { followRounds } from './demo/follow-rounds.ts';
import { createNarrator } from './demo/narrator.ts';
import { compareScores } from './demo/scores.ts';

/** The first run: ten airlines train one model on their records without showing them to each other. */
const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const repository = fileURLToPath(new URL('../../../', import.meta.url));
const started = Date.now();
const folder = join(
  repository,
  '.sumveil',
  'demo',
  `${new Date(started).toISOString().replaceAll(/[-:]|\..*/g, '')}-${process.pid}`,
);
const work = join(folder, 'work');
const tell = createNarrator(values.json, started);
let stop: () => Promise<void> = async () => {};
let interrupted = false;

/** Keys, database and logs go; report, bundle, trust file and model stay. */
async function cleanUp(keepLogs = false): Promise<void> {
  await stop();
  if (keepLogs && existsSync(join(work, 'logs'))) renameSync(join(work, 'logs'), join(folder, 'logs'));
  rmSync(work, { recursive: true, force: true });
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interrupted = true;
    process.stderr.write('\nstopping: every process ends and the work folder is removed\n');
    void cleanUp().finally(() => {
      rmSync(folder, { recursive: true, force: true });
      process.exit(signal === 'SIGINT' ? 130 : 143);
    });
  });
}

try {
  mkdirSync(work, { recursive: true, mode: 0o700 });
  const world = await startAirlines(work, tell, (stopNow) => {
    stop = stopNow;
  });
  await agreeOnRoster(world, tell);
  tellKeyHolders(world, tell);
  const planDigest = await submitPlan(world, tell);
  await startTooEarly(world, planDigest, tell);
  const approvals = await collectApprovals(world, planDigest, tell);
  const { runId } = await start(world, planDigest, tell);
  const roundsFrom = Date.now();
  const status = await followRounds(world, runId, tell);
  const roundsTo = Date.now();
  const released = status.rounds.filter((round) => round.survivors !== null);
  const scores = await compareScores(world, runId, released.at(-1)?.metrics['test.auc'] ?? Number.NaN, tell);
  const evidence = await exportEvidence(
    world,
    { name: status.run.model, version: status.run.version ?? 0 },
    folder,
    tell,
  );
  const seconds = secondsOf({ roundsFrom, roundsTo, ended: Date.now() });
  const path = (file: string) => relative(repository, file);
  tell.chapter('Yours to look at');
  for (const [what, file] of Object.entries({
    report: evidence.report,
    bundle: evidence.bundle,
    'trust file': evidence.trust,
    model: evidence.model,
  })) {
    tell.say(`${what.padEnd(10)} ${path(file)}`);
  }
  tell.say('verify it again (npx uses this checkout):');
  tell.say(`npx sumveil audit verify ${path(evidence.bundle)} \\`);
  tell.say(`  --trust ${path(evidence.trust)}`);
  tell.say('rm -r .sumveil/demo removes what all runs have kept');
  if (values.json) {
    const answer = {
      tenants: world.tenants.length,
      rounds: released.length,
      survivorsPerRound: released.map((round) => round.survivors),
      ...scores,
      decisions: status.decisions.map(({ action, effect, reasons }) => ({ action, effect, reasons })),
      approvals,
      audit: { leaves: evidence.leaves, witnesses: released.at(-1)?.witnesses.have ?? 0, verified: evidence.verified },
      report: path(evidence.report),
      bundle: path(evidence.bundle),
      trust: path(evidence.trust),
      model: path(evidence.model),
      seconds,
    };
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  process.exitCode = evidence.verified ? 0 : 1;
} catch (error) {
  // After a signal its handler cleans up and ends the process; what fails on the way is its doing.
  if (interrupted) await new Promise(() => {});
  process.stderr.write(`\nThe demo stopped: ${(error as Error).message}\n`);
  if (process.env.SUMVEIL_DEMO_DEBUG) process.stderr.write(`${(error as Error).stack}\n`);
  process.exitCode = 1;
}
await cleanUp(process.exitCode === 1);
if (process.exitCode === 1)
  process.stderr.write(`The logs of all processes: ${relative(repository, join(folder, 'logs'))}\n`);
// Nothing that a failed start left behind may keep the prompt away.
process.exit();

function secondsOf(at: { roundsFrom: number; roundsTo: number; ended: number }) {
  const round = (ms: number) => Math.round(ms / 10) / 100;
  const install = Number(process.env.SUMVEIL_INSTALL_SECONDS ?? 0);
  return {
    install,
    setup: round(at.roundsFrom - started),
    rounds: round(at.roundsTo - at.roundsFrom),
    total: round(at.ended - started + install * 1000),
  };
}
