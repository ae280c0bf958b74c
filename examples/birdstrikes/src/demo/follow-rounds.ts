import { setTimeout as pause } from 'node:timers/promises';
import { mustSumveil, type Tenant, type World } from '@sumveil/constellation';
import type { Narrator } from './narrator.ts';

export interface Round {
  readonly round: number;
  readonly attempt: number;
  readonly stage: string;
  readonly phase: string;
  readonly cohort: number;
  readonly answered: number;
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
    readonly rounds: number;
  };
  readonly rounds: readonly Round[];
  readonly decisions: readonly { action: string; effect: 'allow' | 'deny'; reasons: string[] }[];
}

const midRound = new Set(['share', 'masked']);

/** What a phase is about, in words for the live line. */
const phaseText: Readonly<Record<string, string>> = {
  opening: 'logged, waits for the witnesses',
  advertise: 'connectors check the plan and send their keys',
  share: 'shares of the keys go round, encrypted',
  masked: 'connectors train, clip, mask',
  consistency: 'connectors sign the list of survivors',
  unmask: 'connectors give the shares that open the sum',
  summing: 'the sum is unmasked',
  releasing: 'logged, waits for the witnesses',
};

/**
 * Follows the run and tells each round. One connector is killed in mid-round; when that round has ended without it, its
 * admin starts it again and it takes part in the next.
 */
export async function followRounds(
  world: World,
  run: { id: string; killIn: number },
  tell: Narrator,
): Promise<RunStatus> {
  tell.chapter('Rounds: only sums leave, and one connector dies on the way');
  tell.say('AUC is that of the model a round starts from, over all survivors’ test rows');
  tell.say('round  stage        tenants         AUC  witnesses  seconds');
  const victim = world.tenants[3]!;
  const told = new Set<string>();
  let killed: 'no' | 'yes' | 'back' = 'no';
  for (;;) {
    const status = await statusOf(world, run.id);
    const last = status.rounds.at(-1);
    if (killed === 'no' && last && last.round === run.killIn && midRound.has(last.phase)) {
      await victim.connector?.kill('SIGKILL');
      killed = 'yes';
      tell.bad(`kill -9 of ${victim.name}’s connector in phase ${last.phase}`);
    }
    for (const round of status.rounds) {
      if (!round.endedAt || told.has(`${round.round}/${round.attempt}`)) continue;
      told.add(`${round.round}/${round.attempt}`);
      tellRound(round, tell);
      if (killed === 'yes' && round.round >= run.killIn) {
        await comeBack(world, victim, tell);
        killed = 'back';
      }
    }
    if (status.run.state !== 'running' && status.run.state !== 'granting') return ended(status);
    tell.live(liveLine(status));
    await pause(40);
  }
}

/** One line that says where the round stands; the clock is the caller's, since both are one machine here. */
function liveLine({ run, rounds }: RunStatus): string {
  const last = rounds.at(-1);
  if (!last || last.endedAt) return `round ${(last?.round ?? 0) + 1} of ${run.rounds}  is opened`;
  const seconds = Math.max(0, Date.now() - Date.parse(last.openedAt)) / 1000;
  const text = phaseText[last.phase] ?? last.phase;
  const where = `round ${last.round} of ${run.rounds}  ${last.phase.padEnd(11)} ${last.answered}/${last.cohort}`;
  return `${where}  ${seconds.toFixed(1)} s  ${text}`;
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
  tell.say(`       the sum is exactly that of the other ${world.tenants.length - 1}; their metrics are withheld,`);
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
