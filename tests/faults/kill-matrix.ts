import { mkdirSync, writeFileSync } from 'node:fs';
import type { FaultWorld } from './fault-world.ts';
import { type Hold, holdAt, type Phase, type Place, phases, RECOVERY_MS } from './held-places.ts';
import { unexcused } from './losses.ts';
import { placeOf, type SignalName, type Strike, signalNames, strikeAt, type TargetName, targets } from './strikes.ts';
import { judgeRun, keepLogs } from './verdict.ts';

export interface Cell {
  readonly phase: Phase;
  readonly target: TargetName;
  readonly signal: SignalName;
}

export interface CellResult extends Cell {
  /** The round was committed with this many tenants, exactly; undefined: aborted, and the next one was committed. */
  readonly survivors: number | undefined;
  /** Reasons of attempts of its round that were aborted. */
  readonly codes: readonly string[];
  /** From the strike until the round had left the phase. */
  readonly seconds: number;
  /** Rounds that it took until one came to the cell's place. */
  readonly tries: number;
  readonly faults: readonly string[];
}

/** Rounds that are struck in a run; a longer matrix takes several. */
const STRUCK_ROUNDS = 7;
/** Training rounds of a matrix's run: one more, which follows whatever was aborted. */
export const MATRIX_ROUNDS = STRUCK_ROUNDS + 1;

/** Cells that strike one round, in the order of their phases. */
type RoundOfCells = readonly Cell[];

/** Every cell a round of its own. */
export const allCells: readonly RoundOfCells[] = signalNames.flatMap((signal) =>
  phases.flatMap((phase) => targets.map((target) => [{ phase, target, signal }])),
);

/**
 * Each phase with each target, each signal with each target; freezing costs a lease each time, so once a target. A round
 * takes four blows, of connectors two: more of them than a sum may miss.
 */
export const coveringCells: readonly RoundOfCells[] = targets.flatMap((target, t) => {
  const cells = phases.map((phase, p) => {
    const signal: SignalName = (p + 3 * t) % phases.length === 0 ? 'SIGSTOP' : p % 2 === 0 ? 'SIGKILL' : 'SIGTERM';
    return { phase, target, signal };
  });
  const size = target === 'connector' ? 2 : 4;
  return Array.from({ length: cells.length / size }, (_, i) => cells.slice(i * size, (i + 1) * size));
});

/** A place that a round passed by, because an earlier strike had ended it, is tried again alone. */
const TRIES = 3;

/** Strikes round after round and run after run, and judges every run when it has ended. */
export async function runMatrix(
  world: FaultWorld,
  plan: string,
  rounds: readonly RoundOfCells[],
): Promise<CellResult[]> {
  const results: CellResult[] = [];
  let left = rounds;
  for (let tries = 1; left.length > 0; tries += 1) {
    const missed: CellResult[] = [];
    for (let at = 0; at < left.length; at += STRUCK_ROUNDS) {
      const { struck, passedBy } = await strikeRun(world, plan, left.slice(at, at + STRUCK_ROUNDS));
      results.push(...struck.map((one) => ({ ...one, tries })));
      missed.push(...passedBy.map((one) => ({ ...one, tries })));
    }
    if (tries === TRIES)
      return [...results, ...missed.map((one) => ({ ...one, faults: ['no round came to this place'] }))];
    left = missed.map(({ phase, target, signal }) => [{ phase, target, signal }]);
  }
  return results;
}

async function strikeRun(
  world: FaultWorld,
  plan: string,
  rounds: readonly RoundOfCells[],
): Promise<Record<'struck' | 'passedBy', Omit<CellResult, 'tries'>[]>> {
  // Round 1 makes the statistics, without which there is no run.
  const cells = rounds.flatMap((of, i) =>
    of.map((cell, n) => {
      const victim = world.tenants.length - 1 - n;
      return { round: i + 2, cell, strike: strikeOf(world, cell, victim), idx: world.tenants[victim]!.idx };
    }),
  );
  const places = cells.map(({ round, strike }) => ({ plan, round, ...placeOf(strike) }));
  const holds = await holdAt(world.rows, places);
  // No round begins before the connectors that were struck in the one before are back: each answers for its own strikes.
  const gates = new Map<number, Hold>();
  for (const { round, cell } of cells) {
    if (cell.target !== 'connector' || gates.has(round + 1)) continue;
    const place: Place = { plan, round: round + 1, phase: 'advertise', at: 'answer', waits: false };
    gates.set(round + 1, (await holdAt(world.rows, [place]))[0]!);
  }
  const runId = await world.begin(plan);
  const seconds: (number | undefined)[] = [];
  let hung: string | undefined;
  for (const [i, { round, strike }] of cells.entries()) {
    await gates.get(round)?.lift();
    const took = hung ? undefined : await timed(world, strike, holds[i]!);
    if (typeof took === 'string') hung = took;
    seconds.push(typeof took === 'number' ? took : undefined);
  }
  for (const hold of [...gates.values(), ...(hung ? holds : [])]) await hold.lift();
  const verdict = await judgeRun(world, runId);
  const victims = cells.filter(({ cell }) => cell.target === 'connector');
  const faults = [
    ...(hung ? [hung] : []),
    ...verdict.faults,
    ...unexcused(world, verdict.rounds, victims, 0),
    ...seconds.flatMap((took, i) =>
      took && took * 1_000 > RECOVERY_MS ? [`${nameOf(cells[i]!.cell)}: the round went on only after ${took} s`] : [],
    ),
  ];
  const [first] = cells;
  if (faults.length > 0) keepLogs(world, `matrix-${first!.cell.signal}-${first!.cell.target}`, cells);
  const results = cells.map(({ cell, round }, i) => {
    const end = verdict.rounds.find((one) => one.round === round);
    return { ...cell, survivors: end?.survivors, codes: end?.codes ?? [], seconds: seconds[i] ?? Number.NaN, faults };
  });
  const done = (one: Omit<CellResult, 'tries'>) => faults.length > 0 || !Number.isNaN(one.seconds);
  return { struck: results.filter(done), passedBy: results.filter((one) => !done(one)) };
}

function nameOf({ phase, target, signal }: Cell): string {
  return `${phase} ${target} ${signal}`;
}

async function timed(world: FaultWorld, strike: Strike, hold: Hold): Promise<number | string | undefined> {
  return strikeAt(world, strike, hold).catch((error: Error) => error.message);
}

/**
 * A killed process is left in the middle of its transaction, the others finish theirs. A killed connector has answered
 * before, one that is ended or frozen has not.
 */
function strikeOf({ tenants }: FaultWorld, { phase, target, signal }: Cell, victim: number): Strike {
  const held = tenants[target === 'connector' && signal !== 'SIGKILL' ? victim : 0]!.idx;
  return { phase, blows: [{ target, signal, victim }], held, waits: signal === 'SIGKILL' };
}

/** Outcome and seconds of each cell, a table a signal, within 80 columns. */
export function matrixTable(results: readonly CellResult[], tenants: number): string {
  return signalNames
    .flatMap((signal) => {
      const head = [signal.padEnd(12), ...targets.map((target) => target.padStart(10))].join(' ');
      const lines = phases.map((phase) => {
        const cells = targets.map((target) => {
          const found = results.find((one) => one.phase === phase && one.target === target && one.signal === signal);
          return (found ? cellText(found, tenants) : '·').padStart(10);
        });
        return [phase.padEnd(12), ...cells].join(' ');
      });
      return [head, ...lines, ''];
    })
    .concat(
      `${tenants}/${tenants}: committed with the exact sum of so many; next: aborted, a later round committed; seconds.`,
      `${results.length} cells, ${results.filter(({ tries }) => tries > 1).length} of them tried more than once.`,
    )
    .join('\n');
}

function cellText({ survivors, seconds, faults }: CellResult, tenants: number): string {
  if (faults.length > 0) return 'WRONG';
  return `${survivors === undefined ? 'next' : `${survivors}/${tenants}`} ${seconds.toFixed(1)}`;
}

export function writeMatrix(results: readonly CellResult[]): void {
  mkdirSync('.sumveil', { recursive: true });
  writeFileSync('.sumveil/kill-matrix.json', `${JSON.stringify(results, null, 2)}\n`);
}
