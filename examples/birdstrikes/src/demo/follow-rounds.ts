import { setTimeout as pause } from 'node:timers/promises';
import { mustSumveil, type Tenant, type World } from '@sumveil/constellation';
import type { Narrator } from './narrator.ts';

export interface Round {
  readonly round: number;
  readonly attempt: number;
  readonly stage: string;
  readonly phase: string;
  readonly cohort: number;
  readonly survivors: number | null;
  readonly dropped: readonly string[];
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly metricsWithheld: boolean;
  readonly witnesses: { readonly have: number; readonly needs: number };
  readonly openedAt: string;
  readonly endedAt: string | null;
}

export interface RunStatus {
  readonly run: {
    readonly state: string;
    readonly reason: string | null;
    readonly version: number | null;
    readonly model: string;
  };
  readonly rounds: readonly Round[];
  readonly decisions: readonly { action: string; effect: 'allow' | 'deny'; reasons: string[] }[];
}

/** Round in which a connector is killed: the fourth training round, after the round of statistics. */
const killInRound = 5;
const midRound = new Set(['share', 'masked']);

/**
 * Follows the run and tells each round. One connector is killed in mid-round; when that round has ended without it, its
 * admin starts it again and it takes part in the next.
 */
export async function followRounds(world: World, runId: string, tell: Narrator): Promise<RunStatus> {
  tell.chapter('Rounds: only sums leave, and one connector dies on the way');
  tell.say('AUC is that of the model a round starts from, over all survivors’ test rows');
  tell.say('round  stage        tenants         AUC  witnesses  seconds');
  const victim = world.tenants[3]!;
  const told = new Set<string>();
  let killed: 'no' | 'yes' | 'back' = 'no';
  for (;;) {
    const status = await statusOf(world, runId);
    const last = status.rounds.at(-1);
    if (killed === 'no' && last && last.round === killInRound && midRound.has(last.phase)) {
      await victim.connector?.kill('SIGKILL');
      killed = 'yes';
      tell.bad(`kill -9 of ${victim.name}’s connector in phase ${last.phase}`);
    }
    for (const round of status.rounds) {
      if (!round.endedAt || told.has(`${round.round}/${round.attempt}`)) continue;
      told.add(`${round.round}/${round.attempt}`);
      tellRound(round, tell);
      if (killed === 'yes' && round.round >= killInRound) {
        await comeBack(world, victim, tell);
        killed = 'back';
      }
    }
    if (status.run.state !== 'running' && status.run.state !== 'granting') return ended(status);
    await pause(40);
  }
}

function statusOf(world: World, runId: string): Promise<RunStatus> {
  return mustSumveil<RunStatus>(['run', 'status', runId], { profile: world.profile(world.operator) });
}

function ended(status: RunStatus): RunStatus {
  if (status.run.state === 'completed') return status;
  throw new Error(`the run ended ${status.run.state}: ${status.run.reason}`);
}

async function comeBack(world: World, victim: Tenant, tell: Narrator): Promise<void> {
  await world.restartConnector(victim);
  tell.say(`       the sum is exactly that of the other nine; their metrics are withheld,`);
  tell.say(`       or subtraction would show its own. Its connector is started again`);
}

function tellRound(round: Round, tell: Narrator): void {
  const auc = round.metrics['test.auc'];
  const score = round.metricsWithheld ? 'withheld' : typeof auc === 'number' ? auc.toFixed(4) : '–';
  const cells = [
    String(round.round).padStart(5),
    round.stage.padEnd(11),
    `${round.survivors ?? 0}/${round.cohort}`.padStart(7),
    score.padStart(10),
    `${round.witnesses.have} of ${round.cohort}`.padStart(9),
    ((Date.parse(round.endedAt!) - Date.parse(round.openedAt)) / 1000).toFixed(1).padStart(7),
  ];
  tell.say(cells.join('  '));
}
