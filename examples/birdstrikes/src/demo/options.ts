import { parseArgs } from 'node:util';
import { localFloorsNeeded, quorum } from '@sumveil/secagg';

export interface DemoOptions {
  readonly json: boolean;
  /** Airlines that take part, those with most records. */
  readonly tenants: number;
  /** Training rounds; one of statistics comes before them and one evaluation after. */
  readonly rounds: number;
  /** Leaves everything running until a signal. */
  readonly keep: boolean;
}

/** A command line that the demo does not understand; `next` says which it does. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const TENANTS = { least: 4, most: 10, usual: 10 };
const ROUNDS = { least: 2, most: 30, usual: 8 };

export const usage = 'Usage: ./scripts/demo [--json] [--tenants 4..10] [--rounds 2..30] [--keep]';

/** @throws UsageError with the reason for the bound that a value is beyond */
export function readOptions(argv: readonly string[]): DemoOptions {
  const values = parsed(argv);
  const tenants = wholeNumber('--tenants', values.tenants, TENANTS.usual);
  const rounds = wholeNumber('--rounds', values.rounds, ROUNDS.usual);
  if (tenants < TENANTS.least)
    throw new UsageError(
      `--tenants ${tenants} is too few.\nThe demo kills a connector in mid-round; below ${TENANTS.least} tenants no sum survives that,\n` +
        'and with one or two a sum would give its tenants away.',
    );
  if (tenants > TENANTS.most)
    throw new UsageError(`--tenants ${tenants} is too many: the records are those of ${TENANTS.most} airlines.`);
  if (rounds < ROUNDS.least)
    throw new UsageError(
      `--rounds ${rounds} is too few.\nA connector dies in one of them, and its metrics are withheld:\none more must be whole.`,
    );
  if (rounds > ROUNDS.most)
    throw new UsageError(
      `--rounds ${rounds} is too many.\nThe model converges within ${ROUNDS.usual}; ${ROUNDS.most} keep the first run below two minutes.`,
    );
  return { json: values.json, keep: values.keep, tenants, rounds };
}

function parsed(argv: readonly string[]) {
  try {
    const options = {
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      tenants: { type: 'string' },
      rounds: { type: 'string' },
    } as const;
    return parseArgs({ args: [...argv], options, allowPositionals: false }).values;
  } catch (error) {
    // Node explains at length how to pass such a word as an argument; the demo has none.
    throw new UsageError(`${(error as Error).message.split('. ')[0]!.replace(/\.$/, '')}.`);
  }
}

function wholeNumber(name: string, text: string | undefined, usual: number): number {
  if (text === undefined) return usual;
  if (!/^\d{1,4}$/.test(text)) throw new UsageError(`${name} ${JSON.stringify(text)} is not a whole number.`);
  return Number(text);
}

/**
 * What every tenant's own policy file must say before its connector takes part in a cohort of this size; undefined where
 * the default floors hold. Going below the usual floors is each tenant’s own decision, and shown in its log and report.
 */
export function localPolicyFor(tenants: number): { minCohort?: number; minHonest?: number } | undefined {
  const needed = localFloorsNeeded(tenants, Math.floor(tenants / 3));
  if (needed === null) throw new UsageError(`No policy of a tenant allows a cohort of ${tenants}.`);
  return Object.keys(needed).length > 0 ? needed : undefined;
}

/** Survivors that a round needs: with the roster's third of colluders. */
export function survivorsNeeded(tenants: number): number {
  return quorum(tenants, Math.floor(tenants / 3));
}

/** A training round in the middle, and never the first one: the metrics of the run are those of the first one's survivors. */
export function roundOfTheKill(rounds: number): number {
  return Math.max(3, 1 + Math.ceil(rounds / 2));
}
