import { type Signed, sha256 } from '@sumveil/wire';
import { unmaskChunk } from '../coordinator/unmaskChunk.ts';
import { type UnmaskKeys, unmaskKeys } from '../coordinator/unmaskKeys.ts';
import { refuseUnless, SecaggError } from '../error.ts';
import { decodeField } from '../messages/fields.ts';
import { listHash } from '../messages/lists.ts';
import { type M0, type M1, type M2, type Manifest, m0Schema, m1Schema, m2Schema } from '../messages/messages.ts';
import { type Accepted, openTenantMessage } from '../messages/open.ts';
import { eachChunk } from '../plan/chunks.ts';
import type { RoundPlan } from '../plan/plan.ts';
import type { Roster } from '../roster/roster.ts';
import { chunkRoot } from '../tree/chunkTree.ts';
import { checkManifest } from './checkManifest.ts';

/** What the coordinator publishes to the cohort of a finished attempt (sections 18 and 19), each list in ascending idx. */
export interface PublishedAttempt {
  readonly plan: RoundPlan;
  readonly roster: Roster;
  readonly manifest: Signed;
  /** M0 of U1, M1 of U2, M2 of U3 */
  readonly m0s: readonly Signed[];
  readonly m1s: readonly Signed[];
  readonly m2s: readonly Signed[];
  /** masked upload of a survivor */
  readonly chunkOf: (idx: number, segment: number, chunk: number) => Promise<Uint8Array> | Uint8Array;
  /** envelope by sender and recipient; needed in suite 2 when somebody dropped out */
  readonly envelopeOf?: (from: number, to: number) => Uint8Array;
}

/**
 * Recomputes the whole aggregate from what the survivors signed: secrets against M0, chunks against M2, the sum against
 * `aggRoot` (section 19). A coordinator that published another sum is caught; whether inputs were honest is not shown.
 *
 * @throws SecaggError `REFUSED` when the published sum is not the sum of the signed uploads, `FORMAT`, `CHUNK`
 */
export async function verifyAggregate(published: PublishedAttempt): Promise<Manifest> {
  const { plan, m0s } = published;
  const manifest = checkManifest(published);
  const directory = openAll<M0>(published, 'm0', m0Schema[plan.suite], m0s);
  const shared = openAll<M1>(published, 'm1', m1Schema, published.m1s);
  const masked = openAll<M2>(published, 'm2', m2Schema, published.m2s);
  const keys = keysOf(published, manifest, { directory, shared, masked });
  const hashes = await recompute(published, manifest, keys, masked);
  refuseUnless(
    chunkRoot(plan, hashes).equals(decodeField(manifest.aggRoot)),
    'the aggregate is not the recomputed one',
  );
  return manifest;
}

interface Opened {
  readonly directory: readonly Accepted<M0>[];
  readonly shared: readonly Accepted<M1>[];
  readonly masked: readonly Accepted<M2>[];
}

function keysOf(published: PublishedAttempt, manifest: Manifest, { directory, shared, masked }: Opened): UnmaskKeys {
  const { plan, envelopeOf } = published;
  const dirHash = listHash(plan.planHash, 'u1', directory);
  const u2Hash = listHash(plan.planHash, 'u2', shared);
  const u3 = manifest.survivors;
  const dropped = shared.map(({ idx }) => idx).filter((idx) => !u3.includes(idx));
  refuseUnless(isSame(u3, masked), 'the survivors are not those of the M2 shown');
  refuseUnless(
    listHash(plan.planHash, 'u3', masked).equals(decodeField(manifest.u3Hash)),
    'u3Hash does not cover the M2 shown',
  );
  for (const { body } of shared)
    refuseUnless(decodeField(body.dirHash).equals(dirHash), 'an M1 is of another directory');
  for (const { body } of masked) refuseUnless(decodeField(body.u2Hash).equals(u2Hash), 'an M2 is of another U2');
  refuseUnless(isSame(dropped, manifest.a), 'the manifest does not open exactly the tenants that dropped out');
  const secrets = { b: secretMap(manifest.b), a: secretMap(manifest.a) };
  return unmaskKeys({ plan, u3, dirHash, u2Hash, m0s: directory, secrets, ...(envelopeOf && { envelopeOf }) });
}

async function recompute(
  { plan, chunkOf }: PublishedAttempt,
  { survivors }: Manifest,
  keys: UnmaskKeys,
  masked: readonly Accepted<M2>[],
): Promise<Buffer[]> {
  const uploaded = new Map<number, Buffer[]>(survivors.map((idx) => [idx, []]));
  const hashes: Buffer[] = [];
  for (const { segment, chunk } of eachChunk(plan)) {
    const seen = async (idx: number) => {
      const bytes = await chunkOf(idx, segment, chunk);
      uploaded.get(idx)!.push(sha256(bytes));
      return bytes;
    };
    hashes.push((await unmaskChunk({ plan, segment, chunk, keys, u3: survivors, chunkOf: seen })).hash);
  }
  for (const { idx, body } of masked) {
    const root = chunkRoot(plan, uploaded.get(idx)!);
    refuseUnless(root.equals(decodeField(body.chunkRoot)), `a chunk shown for ${idx} is not the one it signed`);
  }
  return hashes;
}

function openAll<T extends { planHash: string; idx: number }>(
  attempt: PublishedAttempt,
  type: string,
  schema: Parameters<typeof openTenantMessage<T>>[1],
  messages: readonly Signed[],
): Accepted<T>[] {
  const opened = messages.map((signed) => openTenantMessage<T>(type, schema, attempt, signed));
  if (!opened.every(({ idx }, i) => i === 0 || opened[i - 1]!.idx < idx)) {
    throw new SecaggError('FORMAT', `The ${type} messages are not in ascending order.`);
  }
  return opened;
}

function isSame(members: readonly number[], items: readonly { idx: number }[]): boolean {
  return members.length === items.length && items.every(({ idx }, i) => idx === members[i]);
}

function secretMap(list: Manifest['a']): Map<number, Buffer> {
  return new Map(list.map(({ idx, secret }) => [idx, decodeField(secret)]));
}
