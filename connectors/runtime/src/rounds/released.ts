import {
  aggregateRoot,
  checkManifest,
  type DecodedAggregate,
  decodeAggregate,
  eachChunk,
  type Manifest,
  parsePlan,
  type RoundPlan,
  SecaggError,
} from '@sumveil/secagg';
import { decodeSigned, fromBase64url, type Signed, sha256, type Task, toBase64url, verifyBody } from '@sumveil/wire';
import { ConnectorError } from '../error.ts';
import type { Site } from '../site.ts';
import type { Attempt } from './attempt.ts';

export interface Released {
  readonly plan: RoundPlan;
  readonly manifest: Manifest;
  /** base64url SHA-256 of the manifest's body */
  readonly manifestHash: string;
}

/**
 * Signed plan and manifest of a released attempt, also of one that this connector took no part in: they are the links of
 * the chain that `prevManifest` continues. With the attempt in memory the survivors must be those it signed and the opened
 * secrets those of its directory.
 *
 * @throws ConnectorError `RESULT_REFUSED`, SecaggError
 */
export async function fetchReleased(site: Site, task: Task, attempt: Attempt | undefined): Promise<Released> {
  const { client, rosters, state } = site;
  const { planHash } = task;
  const signed = decodeSigned(attempt?.raw.plan ?? (await fetchPlan(site, planHash)));
  if (toBase64url(sha256(signed.body)) !== planHash) throw refused('the plan is not the one the task names');
  const plan = parsePlan(signed.body);
  const roster = rosters.byHash(plan.rosterHash);
  if (!roster || !verifyBody('plan', signed, fromBase64url(roster.coordinatorKey, 32)))
    throw refused('the plan is not signed under a pinned roster');
  if (plan.jobId !== task.runId || plan.round !== task.round) throw refused('the plan belongs to another round');
  // The coordinator signed two plans for one attempt: this connector joined another one.
  const joined = state.attempts.of(plan.jobId).find((row) => row.round === plan.round && row.attempt === plan.attempt);
  if (joined && joined.planHash !== planHash) throw refused('another plan of this attempt was joined here');
  const bytes = await client.call('attemptManifest', { params: { planHash } });
  const manifest: Signed = decodeSigned(bytes);
  const own = attempt && 'u3Hash' in attempt.state ? { u3Hash: attempt.state.u3Hash, m0s: attempt.directory } : {};
  const body = checkManifest({ plan, roster, manifest, ...own });
  return { plan, manifest: body, manifestHash: toBase64url(sha256(manifest.body)) };
}

async function fetchPlan({ client }: Site, planHash: string): Promise<Buffer> {
  return Buffer.from((await client.call('attemptPlan', { params: { planHash } })).plan, 'base64');
}

/**
 * All chunks of the published sum, held against `aggRoot`, decoded and within what so many clipped updates can add up to.
 *
 * @throws ConnectorError `RESULT_REFUSED`
 */
export async function fetchAggregate(
  site: Site,
  planHash: string,
  { plan, manifest }: Released,
): Promise<DecodedAggregate> {
  const segments: [Uint8Array[], Uint8Array[]] = [[], []];
  const hashes: Buffer[] = [];
  for (const { segment, chunk, bytes: length } of eachChunk(plan)) {
    const bytes = await site.client.call('aggregateChunk', { params: { planHash, segment, chunk } });
    if (bytes.byteLength !== length) throw refused('a chunk has another length than the plan gives it');
    hashes.push(sha256(bytes));
    segments[segment].push(bytes);
  }
  if (toBase64url(aggregateRoot(plan, hashes)) !== manifest.aggRoot) throw refused('the chunks are not under aggRoot');
  const decoded = decodeAggregate(plan, ...segments);
  requireRange(plan, manifest, decoded);
  return decoded;
}

/** Section 19: no sum of |U3| inputs can be outside; one that is was never a sum of checked updates. */
function requireRange(plan: RoundPlan, { survivors }: Manifest, { sum, aux }: DecodedAggregate): void {
  const n = survivors.length;
  const most = n * (plan.linfQ + 1);
  if (sum.some((value) => Math.abs(value) > most)) throw refused('a coordinate of the sum is out of range');
  for (const item of plan.aux) {
    const [low, high] = [item.kind === 'sum' ? -BigInt(n) * BigInt(item.max) : 0n, BigInt(n) * BigInt(item.max)];
    if (aux.get(item.name)?.some((value) => value < low || value > high))
      throw refused(`the sum ${item.name} is out of range`);
  }
}

export function refused(why: string): ConnectorError {
  return new ConnectorError(
    'RESULT_REFUSED',
    `The released result is refused: ${why}.`,
    'Tell the platform operator; keep the egress ledger.',
  );
}

export function detailOf(error: unknown): string {
  if (error instanceof SecaggError || error instanceof ConnectorError) return error.detail;
  return error instanceof Error ? error.message : String(error);
}
