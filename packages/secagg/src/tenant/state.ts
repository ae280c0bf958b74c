import type { KeyObject } from 'node:crypto';
import type { Signed } from '@sumveil/wire';
import { SecaggError } from '../error.ts';
import type { Encapsulate } from '../keys/mlkem.ts';
import type { M0 } from '../messages/messages.ts';
import type { Accepted } from '../messages/open.ts';
import type { CheckedPlan } from '../plan/checkPlan.ts';
import type { Roster } from '../roster/roster.ts';
import type { Random } from '../sharing/scalar.ts';

/** Both shares that this tenant holds of one dealer, 32 bytes each. */
export interface HeldShares {
  readonly a: Buffer;
  readonly b: Buffer;
}

type Once = 'share' | 'check' | 'mask' | 'consistency' | 'unmask' | 'answered' | 'abort';

/**
 * What must never reach a disk (section 15). One object goes through all steps of an attempt, so that each step happens
 * once even when a caller keeps an old state, and so that erasing reaches every copy.
 */
export interface Secrets {
  readonly a: Buffer;
  readonly b: Buffer;
  /** X25519 channel key */
  readonly cSk: Buffer;
  /** ML-KEM channel seed, suite 2 */
  readonly cKemSeed: Buffer | undefined;
  /** shares by dealer, own ones included */
  readonly held: Map<number, HeldShares>;
  /** K_uv by the other member of the pair, suite 2 */
  readonly pairKem: Map<number, Buffer>;
  readonly done: Set<Once>;
}

/** What every step knows. */
export interface Attending {
  readonly plan: CheckedPlan;
  readonly roster: Roster;
  /** own roster index */
  readonly idx: number;
  readonly rosterKey: KeyObject;
  readonly random: Random;
  readonly encapsulate: Encapsulate;
  readonly secrets: Secrets;
}

export interface Advertised extends Attending {
  readonly step: 'advertised';
  readonly m0: Signed;
}

/** M0 of all of U1 by index. */
export type Directory = ReadonlyMap<number, Accepted<M0>>;

export interface Shared extends Omit<Advertised, 'step'> {
  readonly step: 'shared';
  readonly directory: Directory;
  readonly u1: readonly number[];
  readonly dirHash: Buffer;
  readonly m1: Signed;
  /** exact bytes sent, ascending recipient */
  readonly envelopes: readonly Uint8Array[];
}

export interface SharesChecked extends Omit<Shared, 'step'> {
  readonly step: 'sharesChecked';
  readonly u2: readonly number[];
  readonly u2Hash: Buffer;
}

export interface Masked extends Omit<SharesChecked, 'step'> {
  readonly step: 'masked';
  readonly m2: Signed;
}

export interface Consistent extends Omit<Masked, 'step'> {
  readonly step: 'consistent';
  readonly u3: readonly number[];
  readonly u3Hash: Buffer;
  readonly m3: Signed;
}

export interface Unmasked extends Omit<Consistent, 'step'> {
  readonly step: 'unmasked';
  readonly m4: Signed;
}

export type TenantState = Advertised | Shared | SharesChecked | Masked | Consistent | Unmasked;

/**
 * Marks a step as begun. A step that fails is over as well: on any failed check nothing more is sent (section 10).
 *
 * @throws SecaggError `PHASE`
 */
export function beginStep({ secrets }: Attending, step: Once): void {
  if (secrets.done.has(step) || secrets.done.has('abort')) {
    throw new SecaggError(
      'PHASE',
      `The step ${step} of this attempt is over. Send the bytes that were kept, or nothing.`,
    );
  }
  secrets.done.add(step);
}

/** Overwrites every secret of the attempt; JavaScript may still hold copies (section 23). */
export function eraseSecrets({ secrets }: Attending): void {
  const { a, b, cSk, cKemSeed, held, pairKem, done } = secrets;
  for (const secret of [a, b, cSk, cKemSeed, ...pairKem.values()]) secret?.fill(0);
  for (const shares of held.values()) {
    shares.a.fill(0);
    shares.b.fill(0);
  }
  held.clear();
  pairKem.clear();
  for (const step of ['share', 'check', 'mask', 'consistency', 'unmask'] as const) done.add(step);
}
