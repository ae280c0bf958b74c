import { type Blame, SecaggError } from '../error.ts';
import { maskMlkemSeed, maskX25519PrivateKey, selfMaskCommitment } from '../keys/keySchedule.ts';
import { mlkemPublicKey } from '../keys/mlkem.ts';
import { x25519PublicKey } from '../keys/x25519.ts';
import { decodeField } from '../messages/fields.ts';
import type { M0, M4 } from '../messages/messages.ts';
import type { Accepted } from '../messages/open.ts';
import { positionOf } from '../plan/body.ts';
import type { RoundPlan } from '../plan/plan.ts';
import { isDealtConsistently, recoverSecret, rememberingInterpolator } from '../sharing/recover.ts';
import type { Share } from '../sharing/shamir.ts';

/** Secrets by tenant, 32 bytes each: `b` of survivors, `a` of tenants in U2 that dropped out. */
export interface RecoveredSecrets {
  readonly b: ReadonlyMap<number, Buffer>;
  readonly a: ReadonlyMap<number, Buffer>;
}

export interface RecoveryInput {
  readonly plan: RoundPlan;
  readonly u2: readonly number[];
  readonly u3: readonly number[];
  /** M0 of U1 */
  readonly m0s: Iterable<Accepted<M0>>;
  /** M4 of at least T survivors */
  readonly m4s: Iterable<Accepted<M4>>;
}

/**
 * First half of R5: every secret is reconstructed and held against what its owner signed in M0. Wrong shares are found by
 * trying other sets, and their senders are blamed.
 *
 * @throws SecaggError `NOT_ENOUGH` or `RECOVERY` (with blame)
 */
export function recoverSecrets(input: RecoveryInput): RecoveredSecrets & { readonly blame: readonly Blame[] } {
  const { plan, u2, u3 } = input;
  const m0s = new Map(Array.from(input.m0s, (message) => [message.idx, message.body]));
  const m4s = Array.from(input.m4s).sort((x, y) => x.idx - y.idx);
  if (m4s.length < plan.threshold) {
    throw new SecaggError(
      'NOT_ENOUGH',
      `${m4s.length} tenants answered and ${plan.threshold} are needed. Wait, or give the attempt up.`,
    );
  }
  const blame: Blame[] = [];
  const interpolator = rememberingInterpolator();
  const recover = (idx: number, kind: 'a' | 'b'): [number, Buffer] => {
    const shares = trustedFirst(m4s, blame).map(({ idx: holder, body }) => shareOf(plan, holder, body[kind], idx));
    const matches = kind === 'b' ? matchesCommitment : matchesMaskKeys;
    const found = recoverSecret(shares, plan.threshold, (secret) => matches(plan, m0s.get(idx)!, secret), interpolator);
    if (found === undefined) throw unrecoverable(plan, idx, kind, shares);
    for (const x of found.odd) blame.push({ idx: plan.cohort[x - 1]!, with: idx, reason: 'bad-share' });
    return [idx, found.secret];
  };
  const b = new Map(u3.map((idx) => recover(idx, 'b')));
  const a = new Map(u2.filter((idx) => !u3.includes(idx)).map((idx) => recover(idx, 'a')));
  return { b, a, blame };
}

/** Is this the `b` that the tenant committed to? */
export function matchesCommitment(plan: RoundPlan, m0: M0, b: Uint8Array): boolean {
  return selfMaskCommitment(plan.planHash, m0.idx, b).equals(decodeField(m0.bCommit));
}

/** Does this `a` give the mask keys that the tenant signed? */
export function matchesMaskKeys(plan: RoundPlan, m0: M0, a: Uint8Array): boolean {
  const sKey = x25519PublicKey(maskX25519PrivateKey(a, plan.planHash, m0.idx));
  if (!sKey.equals(decodeField(m0.sKey))) return false;
  if (m0.sKem === undefined) return true;
  return mlkemPublicKey(maskMlkemSeed(a, plan.planHash, m0.idx)).equals(decodeField(m0.sKem));
}

/** Who sent a wrong share once will have sent more: the others are tried first. */
function trustedFirst(m4s: readonly Accepted<M4>[], blame: readonly Blame[]): Accepted<M4>[] {
  const odd = new Set(blame.map(({ idx }) => idx));
  return [...m4s.filter(({ idx }) => !odd.has(idx)), ...m4s.filter(({ idx }) => odd.has(idx))];
}

function shareOf(plan: RoundPlan, holder: number, list: M4['a'], idx: number): Share {
  const entry = list.find((candidate) => candidate.idx === idx)!;
  return { x: positionOf(plan, holder), y: decodeField(entry.share) };
}

function unrecoverable({ threshold }: RoundPlan, idx: number, kind: 'a' | 'b', shares: readonly Share[]): SecaggError {
  const dealt = isDealtConsistently(shares, threshold);
  const blame: Blame[] = dealt ? [{ idx, reason: 'bad-dealing' }] : [];
  return new SecaggError('RECOVERY', `no set of shares gives the committed ${kind} of ${idx}`, blame);
}
