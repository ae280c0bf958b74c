import { createPublicKey, type KeyObject } from 'node:crypto';
import { type Signed, toBase64url } from '@sumveil/wire';
import { SecaggError } from '../error.ts';
import { maskMlkemSeed, maskX25519PrivateKey, selfMaskCommitment } from '../keys/keySchedule.ts';
import { type Encapsulate, mlkemEncapsulate, mlkemPublicKey } from '../keys/mlkem.ts';
import { x25519PublicKey } from '../keys/x25519.ts';
import { signMessage } from '../messages/open.ts';
import type { CheckedPlan } from '../plan/checkPlan.ts';
import { type Roster, rosterMember } from '../roster/roster.ts';
import type { Random } from '../sharing/scalar.ts';
import { drawSecrets } from './secrets.ts';
import type { Advertised } from './state.ts';

export interface AdvertiseInput {
  readonly plan: CheckedPlan;
  readonly roster: Roster;
  readonly idx: number;
  /** own Ed25519 private roster key */
  readonly rosterKey: KeyObject;
  readonly random: Random;
  /** default: ML-KEM-768 of the library */
  readonly encapsulate?: Encapsulate;
}

/**
 * R0: draws the secrets of the attempt and advertises their public side. The caller stores round, attempt and planHash
 * before it sends M0.
 *
 * Randomness is drawn in this order: `a` (64 bytes), `b` (64), channel key (32), suite 2: channel seed (64).
 *
 * @throws SecaggError `ROSTER` when the key is not the one of the own row
 */
export function advertise(input: AdvertiseInput): { state: Advertised; m0: Signed } {
  const { plan, roster, idx, rosterKey, random, encapsulate = mlkemEncapsulate } = input;
  checkOwnKey(roster, idx, rosterKey);
  const secrets = drawSecrets(plan.suite, random);
  const m0 = signMessage(
    {
      type: 'm0',
      v: 1,
      planHash: toBase64url(plan.planHash),
      idx,
      cKey: toBase64url(x25519PublicKey(secrets.cSk)),
      sKey: toBase64url(x25519PublicKey(maskX25519PrivateKey(secrets.a, plan.planHash, idx))),
      bCommit: toBase64url(selfMaskCommitment(plan.planHash, idx, secrets.b)),
      ...(secrets.cKemSeed && {
        cKem: toBase64url(mlkemPublicKey(secrets.cKemSeed)),
        sKem: toBase64url(mlkemPublicKey(maskMlkemSeed(secrets.a, plan.planHash, idx))),
      }),
    },
    rosterKey,
  );
  return { state: { step: 'advertised', plan, roster, idx, rosterKey, random, encapsulate, secrets, m0 }, m0 };
}

/** A key that is not the roster's would only be noticed by everybody else. */
function checkOwnKey(roster: Roster, idx: number, rosterKey: KeyObject): void {
  const { x } = createPublicKey(rosterKey).export({ format: 'jwk' });
  if (x !== rosterMember(roster, idx).rosterKey) {
    throw new SecaggError(
      'ROSTER',
      'The roster key of this connector is not the one in its row. Restore the key, or enrol again.',
    );
  }
}
