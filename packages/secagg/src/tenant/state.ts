import type { KeyObject } from 'node:crypto';
import type { Signed } from '@sumveil/wire';
import { SecaggError } from '../error.ts';
import type { Encapsulate } from '../keys/mlkem.ts';
import type { M0 } from '../messages/messages.ts';
import type { Accepted } from '../messages/open.ts';
import type { CheckedPlan } from '../plan/checkPlan.ts';
import type { Roster } from '../roster/roster.ts';
import type { Random } from '../sharing/scalar.ts';
import { type Once, type Secrets, wipe } from './secrets.ts';

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

/** Ends the attempt for this tenant: every secret is overwritten and no step can begin any more. */
export function eraseSecrets({ secrets }: Attending): void {
  wipe(secrets);
  for (const step of ['share', 'check', 'mask', 'consistency', 'unmask'] as const) secrets.done.add(step);
}
