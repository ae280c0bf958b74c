import { timingSafeEqual } from 'node:crypto';
import { SecaggError } from '../error.ts';
import {
  escrowPad,
  maskCheck,
  maskContext,
  maskMlkemSeed,
  maskX25519PrivateKey,
  pairMaskKey,
  selfMaskKey,
  xorPad,
} from '../keys/keySchedule.ts';
import { mlkemDecapsulate } from '../keys/mlkem.ts';
import { x25519Agree } from '../keys/x25519.ts';
import { decodeField, parseMessage } from '../messages/fields.ts';
import { envelopeSchema, type M0 } from '../messages/messages.ts';
import type { Accepted } from '../messages/open.ts';
import type { RoundPlan } from '../plan/plan.ts';
import type { RecoveredSecrets } from './recover.ts';

/** Masks left in the sum of the survivors' chunks, by segment: `sign` says how to apply the mask to remove it. */
export type UnmaskKeys = readonly [readonly UnmaskKey[], readonly UnmaskKey[]];

export interface UnmaskKey {
  readonly key: Buffer;
  readonly sign: 1 | -1;
}

export interface UnmaskKeysInput {
  readonly plan: RoundPlan;
  readonly u3: readonly number[];
  readonly dirHash: Uint8Array;
  readonly u2Hash: Uint8Array;
  readonly m0s: Iterable<Accepted<M0>>;
  readonly secrets: RecoveredSecrets;
  /** stored envelope by sender and recipient; needed in suite 2 for pairs with a dropped tenant */
  readonly envelopeOf?: (from: number, to: number) => Uint8Array;
}

/**
 * Second half of R5: the mask keys to take off (section 20), self masks of survivors and the pair masks that dropped
 * tenants left behind.
 *
 * @throws SecaggError `RECOVERY` when a mask KEM secret does not match its mkCheck; the encapsulating tenant is at fault
 */
export function unmaskKeys(input: UnmaskKeysInput): UnmaskKeys {
  const { u3, secrets } = input;
  const ctx2 = maskContext(input.dirHash, input.u2Hash);
  const m0s = new Map(Array.from(input.m0s, (message) => [message.idx, message.body]));
  const keys: [UnmaskKey[], UnmaskKey[]] = [[], []];
  for (const segment of [0, 1] as const) {
    for (const v of u3) keys[segment].push({ key: selfMaskKey(secrets.b.get(v)!, ctx2, v, segment), sign: -1 });
  }
  for (const [dropped, a] of secrets.a) {
    const sSk = maskX25519PrivateKey(a, input.plan.planHash, dropped);
    for (const v of u3) {
      const dh = x25519Agree(sSk, decodeField(m0s.get(v)!.sKey));
      const kem = input.plan.suite === 2 ? pairKem(input, dropped, a, v) : undefined;
      for (const segment of [0, 1] as const) {
        // v added this mask when the dropped tenant has the higher index, and subtracted it otherwise
        const key = pairMaskKey(dh, ctx2, [dropped, v], segment, kem);
        keys[segment].push({ key, sign: dropped > v ? -1 : 1 });
      }
    }
  }
  return keys;
}

/** K_uv of a pair with a dropped tenant: from the escrow when it encapsulated, else by decapsulating (section 8). */
function pairKem(input: UnmaskKeysInput, dropped: number, a: Buffer, v: number): Buffer {
  const { plan, dirHash } = input;
  const [low, high] = dropped < v ? [dropped, v] : [v, dropped];
  const bytes = input.envelopeOf?.(low, high);
  if (bytes === undefined) throw new SecaggError('RECOVERY', `the envelope ${low} to ${high} is missing`);
  const envelope = parseMessage(envelopeSchema(plan.suite, low, high), bytes);
  const kem =
    dropped === low
      ? xorPad(decodeField(envelope.mkEscrow!), escrowPad(a, dirHash, low, high))
      : mlkemDecapsulate(maskMlkemSeed(a, plan.planHash, high), decodeField(envelope.mkCt!));
  if (!timingSafeEqual(maskCheck(plan.planHash, low, high, kem), decodeField(envelope.mkCheck!))) {
    throw new SecaggError('RECOVERY', `mkCheck of ${low} to ${high} does not match`, [
      { idx: low, reason: 'bad-mask-key' },
    ]);
  }
  return kem;
}
