import { parseBody } from '@sumveil/wire';
import { z } from 'zod';
import { roundFile } from '../bundle/layout.ts';
import { type Evidence, signedFile } from './evidence.ts';
import { attempt, fail } from './result.ts';

/** Names one attempt; a leaf that names none is of no attempt. */
export interface Place {
  readonly run?: string | undefined;
  readonly round?: number | undefined;
  readonly attempt?: number | undefined;
}
export type Attempt = { readonly run: string; readonly round: number; readonly attempt: number };

export function sameAttempt(a: Place, b: Place): boolean {
  return a.run !== undefined && a.run === b.run && a.round === b.round && a.attempt === b.attempt;
}

/** base64url of 32 bytes in a signed body → the written form of a digest. */
const hash = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/)
  .transform((text) => `sha256:${Buffer.from(text, 'base64url').toString('hex')}`);
const members = z.array(z.int().min(1).max(65_535)).max(1000);

const planBody = z.looseObject({
  type: z.literal('plan'),
  jobId: z.string(),
  round: z.int(),
  attempt: z.int(),
  planDigest: hash,
  grantDigest: hash,
  rosterHash: hash,
  modelHash: hash,
  prevManifest: hash,
  cohort: members,
});
const manifestBody = z.looseObject({
  type: z.literal('manifest'),
  planHash: hash,
  u3Hash: hash,
  aggRoot: hash,
  survivors: members,
});
const listBody = z.looseObject({
  type: z.literal('list'),
  phase: z.enum(['u1', 'u2', 'u3']),
  planHash: hash,
  members,
  listHash: hash,
});

export type ListBody = z.infer<typeof listBody>;

function bodyIn<T>(evidence: Evidence, name: string, schema: z.ZodType<T>): { body: Uint8Array; facts: T } {
  const { body } = signedFile(evidence, name) ?? fail(`${name} is missing`);
  return { body, facts: attempt(name, () => schema.parse(parseBody(body))) };
}

/** Signed messages of an attempt: read, and not yet believed. @throws Failure when missing or malformed */
export function roundPlanOf(evidence: Evidence, at: Attempt) {
  const { body, facts } = bodyIn(evidence, roundFile(at, 'plan'), planBody);
  return { body, plan: facts };
}

/**
 * An attempt may end before the signer answered: its plan was never sent, so nobody can have answered it. Anything that a
 * tenant or the sum did in it proves the contrary.
 */
export function endedUnsigned(evidence: Evidence, at: Attempt): boolean {
  if (evidence.files.has(roundFile(at, 'plan'))) return false;
  const mine = evidence.leaves.filter(({ leaf }) => sameAttempt(leaf, at)).map(({ leaf }) => leaf.type);
  return mine.includes('round.aborted') && mine.every((type) => !AFTER_PLAN.includes(type));
}

const AFTER_PLAN: readonly string[] = [
  'phase.closed',
  'update.accepted',
  'update.rejected',
  'update.quarantined',
  'aggregate.computed',
  'aggregate.released',
  'model.version_created',
  'round.closed',
];

export function manifestOf(evidence: Evidence, at: Attempt) {
  const { body, facts } = bodyIn(evidence, roundFile(at, 'manifest'), manifestBody);
  return { body, manifest: facts };
}

export function listOf(evidence: Evidence, at: Attempt, phase: ListBody['phase']): ListBody {
  const name = roundFile(at, phase);
  const { facts } = bodyIn(evidence, name, listBody);
  return facts.phase === phase ? facts : fail(`${name} is the list of another phase`);
}
