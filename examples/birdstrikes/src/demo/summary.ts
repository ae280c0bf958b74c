import type { Evidence } from './evidence.ts';
import type { Round } from './follow-rounds.ts';
import type { Narrator } from './narrator.ts';
import type { Scores95 } from './scores.ts';

export interface Shown {
  readonly scores: Scores95;
  readonly coordinatorsAuc: number;
  readonly released: readonly Round[];
  readonly approvals: number;
  readonly denied: number;
  readonly evidence: Evidence;
  readonly seconds: {
    readonly install: number;
    readonly setup: number;
    readonly rounds: number;
    readonly total: number;
  };
  readonly files: Readonly<Record<'firstRun' | 'report' | 'bundle' | 'trust' | 'model', string>>;
}

/** Fits one screen of 80 by 24: what was shown, with its figures, and where to look. */
export function tellSummary(shown: Shown, tell: Narrator): void {
  const { scores, released, evidence, seconds, files } = shown;
  const airlines = scores.airlines.length;
  const rows = scores.airlines.reduce((sum, one) => sum + one.trainRows + one.testRows, 0);
  const updates = released.reduce((sum, round) => sum + (round.survivors ?? 0), 0);
  const cut = released.filter((round) => round.dropped.length > 0).map((round) => round.round);
  tell.chapter('In short');
  const { federated, pooled } = scores.all;
  const short = (value: number) => value.toFixed(3);
  const interval = `[${short(federated.low)}, ${short(federated.high)}]`;
  const facts: [string, string][] = [
    [
      'no row was shared',
      `${rows.toLocaleString('en-US')} stayed in ${airlines} places; ${updates} masked updates left`,
    ],
    ['consent came first', `${shown.denied} start denied, ${shown.approvals} signed approvals, then allowed`],
    [
      'a dead connector',
      `cost ${cut.length === 1 ? `round ${cut[0]}` : `${cut.length} rounds`} its own update and nothing else`,
    ],
    ['against pooled', `AUC ${short(shown.coordinatorsAuc)} ${interval}, pooled ${short(pooled.value)}`],
    ['against alone', `mean AUC ${short(scores.means.lone)} alone, ${short(scores.means.federated)} federated`],
    [
      'can be checked',
      `${evidence.leaves} log leaves, ${evidence.verified ? 'VERIFIED with no network' : 'NOT VERIFIED'}`,
    ],
    [
      'it took',
      `setup ${seconds.setup.toFixed(1)} s, ${released.length} rounds ${seconds.rounds.toFixed(1)} s, in all ${(seconds.total - seconds.install).toFixed(1)} s`,
    ],
  ];
  for (const [what, figures] of facts) tell.say(`${what.padEnd(20)} ${figures}`);
  tell.say('');
  tell.say('open in a browser:');
  tell.say(`  ${files.firstRun}`);
  tell.say(`  ${files.report}`);
  tell.say('verify it again, without a network (npx uses this checkout):');
  tell.say(`  npx sumveil audit verify ${files.bundle} \\`);
  tell.say(`    --trust ${files.trust}`);
  tell.say('rm -r .sumveil/demo removes what all runs have kept');
}
