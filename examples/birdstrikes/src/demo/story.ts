import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { collectApprovals, start, startTooEarly, submitPlan } from './approve.ts';
import { agreeOnRoster, startAirlines, tellKeyHolders } from './constellation.ts';
import { exportEvidence, exportModel } from './evidence.ts';
import { firstRunPage } from './first-run/page.ts';
import { followRounds, type RunStatus } from './follow-rounds.ts';
import { lookAround, tellLookAround } from './look-around.ts';
import type { Narrator } from './narrator.ts';
import { type DemoOptions, localPolicyFor, roundOfTheKill } from './options.ts';
import { compareScores, tellScores } from './scores.ts';
import { tellSummary } from './summary.ts';
import type { Workplace } from './workplace.ts';

export interface Story {
  /** What `--json` prints. */
  readonly answer: object;
  readonly verified: boolean;
}

const repository = fileURLToPath(new URL('../../../../', import.meta.url));

/** The chapters in their order. Everything that it starts is ended by the workplace. */
export async function runStory(o: {
  options: DemoOptions;
  place: Workplace;
  tell: Narrator;
  started: number;
}): Promise<Story> {
  const { options, place, tell, started } = o;
  const world = await startAirlines(place.work, options.tenants, tell, place.onStop);
  await agreeOnRoster(world, tell);
  tellKeyHolders(world, tell);
  const planDigest = await submitPlan(world, options.rounds, tell);
  await startTooEarly(world, planDigest, tell);
  const approvals = await collectApprovals(world, planDigest, tell);
  const { runId } = await start(world, planDigest, tell);

  const roundsFrom = Date.now();
  const status = await followRounds(world, { id: runId, killIn: roundOfTheKill(options.rounds) }, tell);
  const roundsTo = Date.now();
  const released = status.rounds.filter((round) => round.survivors !== null);
  const model = { name: status.run.model, version: status.run.version ?? 0 };
  const modelFile = await exportModel(world, model, place.folder);

  tell.chapter('What each airline gained: AUC on its own test rows (40%)');
  tell.live('training each airline’s model alone, and one on all rows pooled …');
  const run = { id: runId, rounds: options.rounds, model: readFileSync(modelFile) };
  const scores = await compareScores(world, run);
  // Withheld where the connector that died is not back for the evaluation: then the exact one stands for it.
  const published = released.at(-1)?.metrics['test.auc'] ?? null;
  const coordinatorsAuc = published ?? scores.all.federated.value;
  tellScores(scores, coordinatorsAuc, tell);
  const evidence = await exportEvidence(world, model, place.folder, tell);

  const seconds = secondsOf({ started, roundsFrom, roundsTo, ended: Date.now() });
  const firstRun = join(place.folder, 'first-run.html');
  const page = await firstRunPage({
    scores,
    rounds: options.rounds,
    coordinatorsAuc: published,
    model,
    dropped: droppedIn(status),
    localPolicy: localPolicyFor(options.tenants),
    verified: evidence.verified,
    leaves: evidence.leaves,
    seconds: seconds.total,
  });
  writeFileSync(firstRun, page);
  place.keepResults();

  const path = (file: string) => relative(repository, file);
  const files = {
    firstRun: path(firstRun),
    report: path(evidence.report),
    bundle: path(evidence.bundle),
    trust: path(evidence.trust),
    model: path(modelFile),
  };
  const denied = status.decisions.filter((decision) => decision.effect === 'deny').length;
  tellSummary(
    { scores, coordinatorsAuc, released, approvals: approvals.length, denied, evidence, seconds, files },
    tell,
  );
  const around = options.keep
    ? lookAround(world, repository, { id: runId, model: model.name, version: model.version })
    : undefined;
  if (around) tellLookAround(around, tell);
  const answer = {
    tenants: world.tenants.length,
    rounds: released.length,
    survivorsPerRound: released.map((round) => round.survivors),
    auc: { federated: coordinatorsAuc, loneMean: scores.means.lone, pooled: scores.all.pooled.value },
    perTenant: scores.airlines.map((one) => ({
      tenant: one.tenant,
      rows: one.trainRows + one.testRows,
      lone: one.lone.value,
      federated: one.federated.value,
      pooled: one.pooled.value,
      intervals: {
        lone: [one.lone.low, one.lone.high],
        federated: [one.federated.low, one.federated.high],
        gain: [one.gain.low, one.gain.high],
      },
    })),
    decisions: status.decisions.map(({ action, effect, reasons }) => ({ action, effect, reasons })),
    approvals,
    audit: { leaves: evidence.leaves, witnesses: released.at(-1)?.witnesses.have ?? 0, verified: evidence.verified },
    ...files,
    seconds,
    ...(around ? { lookAround: around } : {}),
  };
  return { answer, verified: evidence.verified };
}

function droppedIn({ rounds }: RunStatus) {
  return rounds
    .filter((round) => round.survivors !== null && round.dropped.length > 0)
    .map(({ round, dropped, cohort }) => ({ round, count: dropped.length, cohort }));
}

function secondsOf(at: { started: number; roundsFrom: number; roundsTo: number; ended: number }) {
  const round = (ms: number) => Math.round(ms / 10) / 100;
  const install = Number(process.env.SUMVEIL_INSTALL_SECONDS ?? 0);
  return {
    install,
    setup: round(at.roundsFrom - at.started),
    rounds: round(at.roundsTo - at.roundsFrom),
    total: round(at.ended - at.started + install * 1000),
  };
}
