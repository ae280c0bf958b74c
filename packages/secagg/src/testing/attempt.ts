import { encodeSigned, type Signed, signBody } from '@sumveil/wire';
import { acceptM0 } from '../coordinator/acceptM0.ts';
import { acceptM1 } from '../coordinator/acceptM1.ts';
import { acceptM2, checkChunk } from '../coordinator/acceptM2.ts';
import { acceptM3 } from '../coordinator/acceptM3.ts';
import { acceptM4 } from '../coordinator/acceptM4.ts';
import { deliverEnvelopes } from '../coordinator/deliver.ts';
import { recoverSecrets } from '../coordinator/recover.ts';
import { unmaskChunk } from '../coordinator/unmaskChunk.ts';
import { unmaskKeys } from '../coordinator/unmaskKeys.ts';
import { type ListItem, listBody, listHash } from '../messages/lists.ts';
import type { ListPhase, M0, M1, M2, M3, M4 } from '../messages/messages.ts';
import type { Accepted } from '../messages/open.ts';
import { eachChunk } from '../plan/chunks.ts';
import { type DecodedAggregate, decodeAggregate } from '../quantisation/decode.ts';
import { advertise } from '../tenant/advertise.ts';
import { checkShares } from '../tenant/checkShares.ts';
import { consistency } from '../tenant/consistency.ts';
import type { Integers } from '../tenant/integers.ts';
import { mask } from '../tenant/mask.ts';
import { share } from '../tenant/share.ts';
import type { Advertised, Consistent, Masked, Shared, SharesChecked, Unmasked } from '../tenant/state.ts';
import { unmask } from '../tenant/unmask.ts';
import type { World } from './world.ts';

// One attempt over both sides, phase by phase. Each phase returns what the coordinator stores and what the tenants keep.

export type ById<T> = Map<number, T>;

export interface Phase<S, A> {
  readonly states: ById<S>;
  readonly accepted: readonly A[];
}

export type AcceptedM1 = Accepted<M1> & { readonly envelopes: readonly Uint8Array[] };

export const idxOf = (items: readonly ListItem[]) => items.map((item) => item.idx);

export function signedList({ plan, coordinatorKey }: World, phase: ListPhase, items: readonly ListItem[]): Signed {
  return signBody('list', listBody(plan.planHash, phase, items), coordinatorKey);
}

export const signedOf = (items: readonly { signed: Signed }[]) => items.map((item) => item.signed);

export function advertiseAll(world: World, who: readonly number[] = world.cohort): Phase<Advertised, Accepted<M0>> {
  const { plan, roster, rosterKeys } = world;
  const states: ById<Advertised> = new Map();
  const accepted: Accepted<M0>[] = [];
  for (const idx of who) {
    const rosterKey = rosterKeys.get(idx)!;
    const { state, m0 } = advertise({ plan: world.checkedPlan, roster, idx, rosterKey, random: world.random });
    states.set(idx, state);
    accepted.push(acceptM0(plan, roster, idx, encodeSigned(m0), accepted));
  }
  return { states, accepted };
}

export function shareAll(
  world: World,
  r0: Phase<Advertised, Accepted<M0>>,
  who: readonly number[] = idxOf(r0.accepted),
): Phase<Shared, AcceptedM1> {
  const { plan, roster } = world;
  const u1 = idxOf(r0.accepted);
  const dirHash = listHash(plan.planHash, 'u1', r0.accepted);
  const list = signedList(world, 'u1', r0.accepted);
  const states: ById<Shared> = new Map();
  const accepted: AcceptedM1[] = [];
  for (const idx of who) {
    const out = share(r0.states.get(idx)!, { list, m0s: signedOf(r0.accepted) });
    states.set(idx, out.state);
    accepted.push(acceptM1(plan, roster, idx, { m1: encodeSigned(out.m1), envelopes: out.envelopes }, { u1, dirHash }));
  }
  return { states, accepted };
}

/** What a tenant downloads in R2: one delivered envelope of each other member of U2. */
export function deliveredTo(u1: readonly number[], idx: number, m1s: readonly AcceptedM1[]): Buffer {
  const senders = m1s.filter((m1) => m1.idx !== idx);
  return Buffer.concat(senders.map((m1) => deliverEnvelopes(u1, m1.idx, m1.envelopes).get(idx)!));
}

export function checkSharesOf(
  world: World,
  u1: readonly number[],
  r1: Phase<Shared, AcceptedM1>,
  idx: number,
): SharesChecked {
  return checkShares(r1.states.get(idx)!, {
    list: signedList(world, 'u2', r1.accepted),
    m1s: signedOf(r1.accepted),
    delivered: deliveredTo(u1, idx, r1.accepted),
  });
}

export interface MaskedPhase extends Phase<Masked, Accepted<M2>> {
  /** uploads by `idx/segment/chunk` */
  readonly uploads: ReadonlyMap<string, Buffer>;
}

export function maskAll(
  world: World,
  u1: readonly number[],
  r1: Phase<Shared, AcceptedM1>,
  inputs: ReadonlyMap<number, Integers>,
  who: readonly number[] = idxOf(r1.accepted),
): MaskedPhase {
  const { plan, roster } = world;
  const u2Hash = listHash(plan.planHash, 'u2', r1.accepted);
  const states: ById<Masked> = new Map();
  const accepted: Accepted<M2>[] = [];
  const uploads = new Map<string, Buffer>();
  for (const idx of who) {
    const masking = mask(checkSharesOf(world, u1, r1, idx), inputs.get(idx)!);
    const chunkHashes: Buffer[] = [];
    for (const { segment, chunk, bytes } of masking.chunks) {
      uploads.set(`${idx}/${segment}/${chunk}`, bytes);
      chunkHashes.push(checkChunk(plan, segment, chunk, bytes));
    }
    const { state, m2 } = masking.finish();
    states.set(idx, state);
    accepted.push(acceptM2(plan, roster, idx, encodeSigned(m2), { u2Hash, chunkHashes }));
  }
  return { states, accepted, uploads };
}

export function consistencyAll(
  world: World,
  r2: Phase<Masked, Accepted<M2>>,
  who: readonly number[] = idxOf(r2.accepted),
): Phase<Consistent, Accepted<M3>> {
  const { plan, roster } = world;
  const u3 = idxOf(r2.accepted);
  const u3Hash = listHash(plan.planHash, 'u3', r2.accepted);
  const list = signedList(world, 'u3', r2.accepted);
  const states: ById<Consistent> = new Map();
  const accepted: Accepted<M3>[] = [];
  for (const idx of who) {
    const { state, m3 } = consistency(r2.states.get(idx)!, { list, m2s: signedOf(r2.accepted) });
    states.set(idx, state);
    accepted.push(acceptM3(plan, roster, idx, encodeSigned(m3), { u3, u3Hash }));
  }
  return { states, accepted };
}

export function unmaskAll(
  world: World,
  u2: readonly number[],
  r2: Phase<Masked, Accepted<M2>>,
  r3: Phase<Consistent, Accepted<M3>>,
  who: readonly number[] = idxOf(r3.accepted),
): Phase<Unmasked, Accepted<M4>> {
  const { plan, roster } = world;
  const u3 = idxOf(r2.accepted);
  const u3Hash = listHash(plan.planHash, 'u3', r2.accepted);
  const states: ById<Unmasked> = new Map();
  const accepted: Accepted<M4>[] = [];
  for (const idx of who) {
    const { state, m4 } = unmask(r3.states.get(idx)!, { m3s: signedOf(r3.accepted) });
    states.set(idx, state);
    accepted.push(acceptM4(plan, roster, idx, encodeSigned(m4), { u2, u3, u3Hash }));
  }
  return { states, accepted };
}

/** The same small integers for everybody, for the aux items that a world has by default. */
export function integersOf({ plan, cohort }: World): Map<number, Integers> {
  const integers = { model: new Int32Array(plan.dim).fill(7), aux: BigInt64Array.from([3n, -5n, 1n, 0n, 2n]) };
  return new Map(cohort.map((idx) => [idx, integers]));
}

/** R0 to R2 with everybody, or with `survivors` in U3. */
export function upToMasked(world: World, survivors?: readonly number[]) {
  const r0 = advertiseAll(world);
  const u1 = idxOf(r0.accepted);
  const r1 = shareAll(world, r0);
  return { r0, u1, r1, r2: maskAll(world, u1, r1, integersOf(world), survivors) };
}

export interface Finished {
  readonly world: World;
  readonly r0: Phase<Advertised, Accepted<M0>>;
  readonly r1: Phase<Shared, AcceptedM1>;
  readonly r2: MaskedPhase;
  readonly m4s: readonly Accepted<M4>[];
}

/** Stored envelope by sender and recipient. */
export function envelopesOf({ r0, r1 }: Pick<Finished, 'r0' | 'r1'>) {
  const u1 = idxOf(r0.accepted);
  return (from: number, to: number): Uint8Array => {
    const at = u1.filter((member) => member !== from).indexOf(to);
    return r1.accepted.find((m1) => m1.idx === from)!.envelopes[at]!;
  };
}

/** R5: secrets, keys, every chunk, decoded. */
export async function aggregate(finished: Finished) {
  const { world, r0, r1, r2, m4s } = finished;
  const { plan } = world;
  const [u2, u3] = [idxOf(r1.accepted), idxOf(r2.accepted)];
  const secrets = recoverSecrets({ plan, u2, u3, m0s: r0.accepted, m4s });
  const keys = unmaskKeys({
    plan,
    u3,
    dirHash: listHash(plan.planHash, 'u1', r0.accepted),
    u2Hash: listHash(plan.planHash, 'u2', r1.accepted),
    m0s: r0.accepted,
    secrets,
    envelopeOf: envelopesOf(finished),
  });
  const chunks: { segment: 0 | 1; bytes: Buffer; hash: Buffer }[] = [];
  for (const { segment, chunk } of eachChunk(plan)) {
    const chunkOf = (idx: number) => r2.uploads.get(`${idx}/${segment}/${chunk}`)!;
    chunks.push({ segment, ...(await unmaskChunk({ plan, segment, chunk, keys, u3, chunkOf })) });
  }
  const bytesOf = (segment: number) => chunks.filter((chunk) => chunk.segment === segment).map((chunk) => chunk.bytes);
  const decoded: DecodedAggregate = decodeAggregate(plan, bytesOf(0), bytesOf(1));
  return { decoded, secrets, keys, chunks };
}
