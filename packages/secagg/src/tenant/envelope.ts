import { timingSafeEqual } from 'node:crypto';
import { canonicalBytes, toBase64url } from '@sumveil/wire';
import { refuseUnless } from '../error.ts';
import { escrowPad, maskCheck, maskMlkemSeed, shareKey, xorPad } from '../keys/keySchedule.ts';
import { mlkemDecapsulate } from '../keys/mlkem.ts';
import { openShares, sealShares } from '../keys/shareCipher.ts';
import { x25519Agree } from '../keys/x25519.ts';
import { decodeField, parseMessage } from '../messages/fields.ts';
import { type Envelope, envelopeSchema, type M0 } from '../messages/messages.ts';
import { decodeScalar } from '../sharing/scalar.ts';
import type { HeldShares } from './secrets.ts';
import type { Advertised, Shared } from './state.ts';

export interface Sealing {
  readonly to: number;
  readonly dirHash: Buffer;
  readonly recipient: M0;
  readonly shares: HeldShares;
}

/** Envelope u→v with both shares; in suite 2 also the KEM parts of section 8. */
export function sealEnvelope(state: Advertised, { to, dirHash, recipient, shares }: Sealing): Buffer {
  const { plan, idx, secrets, random, encapsulate } = state;
  const dh = x25519Agree(secrets.cSk, decodeField(recipient.cKey));
  const kem = recipient.cKem === undefined ? undefined : encapsulate(decodeField(recipient.cKem));
  const key = shareKey(dh, dirHash, idx, to, kem);
  const plaintext = Buffer.concat([shares.a, shares.b]);
  const ct = sealShares(key, random(12), plaintext, { planHash: plan.planHash, dirHash, from: idx, to });
  for (const secret of [dh, key, plaintext]) secret.fill(0);
  return canonicalBytes({
    type: 'env',
    v: 1,
    from: idx,
    to,
    ct: toBase64url(ct),
    ...(kem && { kemCt: toBase64url(kem.ciphertext) }),
    ...(kem && idx < to && maskKemParts(state, to, dirHash, recipient)),
  } satisfies Envelope);
}

/** The lower index encapsulates the pair's mask key, escrows it under `a`, and commits to it. */
function maskKemParts({ plan, idx, secrets, encapsulate }: Advertised, to: number, dirHash: Buffer, recipient: M0) {
  const { ciphertext, sharedKey } = encapsulate(decodeField(recipient.sKem!));
  secrets.pairKem.set(to, Buffer.from(sharedKey));
  const pad = escrowPad(secrets.a, dirHash, idx, to);
  return {
    mkCt: toBase64url(ciphertext),
    mkEscrow: toBase64url(xorPad(sharedKey, pad)),
    mkCheck: toBase64url(maskCheck(plan.planHash, idx, to, sharedKey)),
  };
}

/**
 * Opens the envelope of another member. A bad one is a dispute between sender and receiver (section 18): the error names
 * the pair, and the attempt ends for this tenant.
 *
 * @throws SecaggError `FORMAT` or `REFUSED`
 */
export function openEnvelope(state: Shared, from: number, bytes: Uint8Array): void {
  const { plan, idx, secrets, directory, dirHash } = state;
  const envelope = parseMessage(envelopeSchema(plan.suite, from, idx), bytes);
  refuseUnless(envelope.from === from && envelope.to === idx, 'the envelope names another pair');
  const dh = x25519Agree(secrets.cSk, decodeField(directory.get(from)!.body.cKey));
  const key = shareKey(dh, dirHash, from, idx, openChannelKem(state, envelope));
  const shares = openShares(key, decodeField(envelope.ct), { planHash: plan.planHash, dirHash, from, to: idx });
  for (const secret of [dh, key]) secret.fill(0);
  for (const value of [shares.a, shares.b]) decodeScalar(value);
  secrets.held.set(from, shares);
  if (envelope.mkCt !== undefined) openMaskKem(state, envelope);
}

function openChannelKem({ secrets }: Shared, { kemCt }: Envelope) {
  if (kemCt === undefined) return undefined;
  const ciphertext = decodeField(kemCt);
  return { ciphertext, sharedKey: mlkemDecapsulate(secrets.cKemSeed!, ciphertext) };
}

function openMaskKem({ plan, idx, secrets }: Shared, { from, mkCt, mkCheck }: Envelope): void {
  const seed = maskMlkemSeed(secrets.a, plan.planHash, idx);
  const kem = mlkemDecapsulate(seed, decodeField(mkCt!));
  seed.fill(0);
  const expected = maskCheck(plan.planHash, from, idx, kem);
  refuseUnless(timingSafeEqual(expected, decodeField(mkCheck!)), `mkCheck of ${from} does not match`);
  secrets.pairKem.set(from, kem);
}
