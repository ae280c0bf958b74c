import {
  canonicalBytes,
  type DsseEnvelope,
  digestOf,
  dssePayload,
  encodeSigned,
  hashOfDigest,
  labelledHash,
  signBody,
  u16,
  u32,
  writtenDigest,
} from '@sumveil/wire';
import * as layout from '../bundle/layout.ts';
import type { LedgerRow } from '../verify/privacy.ts';
import { digestOfByte, iso, keys, MODEL, RUN, START, serialOf, TENANTS } from './cast.ts';
import { modelAfter, type SubmittedPlan } from './plan-story.ts';
import type { Draft, Teller } from './teller.ts';
import { bytesOf, roundPlanBody } from './test-replay.ts';

export interface Round {
  readonly round: number;
  readonly grantDigest: string;
  readonly plan: SubmittedPlan;
  readonly prevManifest: string;
  readonly rows: LedgerRow[];
  /** Model that the round trains from; by default the one of the round before. */
  readonly startsFrom?: string | undefined;
}

/** Digest of the masked input of tenant i in every round. */
export const maskedInputOf = (i: number): string => digestOfByte(i);

/** All five tenants answer every phase. @returns digest of the manifest */
export function playRound(teller: Teller, story: Round): string {
  const { round, plan, prevManifest } = story;
  const { files, rosterBody } = teller.draft;
  const at = { round, attempt: 0 };
  const parent = story.startsFrom ?? modelAfter(round - 1);
  const body = roundPlanBody(
    {
      planFile: files.get(layout.planFile(plan.digest))!,
      grantPayload: payloadOf(files, story.grantDigest),
      rosterBody,
    },
    { ...at, modelHash: bytesOf(parent), prevManifest: bytesOf(prevManifest) },
  );
  const planHash = digestOf(body);
  putSigned(files, round, 'plan', body);
  const epsNextMicro = Math.floor(plan.facts.epsilonTotalMicro / 3);
  teller.decide('startRound', `d-open-${round}`, { ...plan, epsNextMicro });
  const opened = { planHash, modelHash: parent, grantDigest: story.grantDigest, cohort: TENANTS };
  teller.log('round.opened', { ...at, ...opened, deadlineAt: iso(START + 1e6), decisionId: `d-open-${round}` }, true);
  phase(teller, round, planHash, 'u1');
  phase(teller, round, planHash, 'u2');
  TENANTS.forEach((tenantRef, i) => {
    const digests = { m2Digest: maskedInputOf(i), chunkRoot: digestOfByte(i) };
    teller.log('update.accepted', { ...at, tenantRef, ...digests, serial: serialOf(i) }, true);
  });
  const u3Hash = phase(teller, round, planHash, 'u3');
  const aggRoot = digestOfByte(0xa0 + round);
  const sum = { planHash: bytesOf(planHash), u3Hash: bytesOf(u3Hash), aggRoot: bytesOf(aggRoot) };
  const manifest = canonicalBytes({ type: 'manifest', v: 1, ...sum, survivors: [1, 2, 3, 4, 5] });
  putSigned(files, round, 'manifest', manifest);
  teller.log('aggregate.computed', { ...at, u3Hash, aggRoot, survivors: 5 }, true);
  teller.decide('releaseAggregate', `d-release-${round}`, { ...plan, epsNextMicro });
  if (epsNextMicro > 0) charge(teller, story, epsNextMicro);
  const release = { manifestDigest: digestOf(manifest), chargeId: `c-${round}`, decisionId: `d-release-${round}` };
  teller.log('aggregate.released', { ...at, aggRoot, ...release }, true);
  const digests = { digest: modelAfter(round), parentDigest: parent, aggRoot };
  teller.log('model.version_created', { ...at, model: MODEL, version: round, ...digests }, true);
  teller.log('round.closed', { ...at, survivors: 5, dropped: [], phase: 'unmask' }, true);
  return digestOf(manifest);
}

const PHASES = { u1: 'advertise', u2: 'share', u3: 'masked' } as const;

/** Everybody answered: the signed list and the leaf of the closed phase. @returns list hash */
function phase(teller: Teller, round: number, planHash: string, list: 'u1' | 'u2' | 'u3'): string {
  const members = TENANTS.map((_, i) => i + 1);
  const listHash = listHashOf(
    list,
    planHash,
    members.map((idx) => [idx, maskedInputOf(idx - 1)]),
  );
  const fields = { phase: list, planHash: bytesOf(planHash), listHash: bytesOf(listHash), members };
  putSigned(teller.draft.files, round, list, canonicalBytes({ type: 'list', v: 1, ...fields }));
  const closed = { phase: PHASES[list], setSize: members.length, listHash, cause: 'all' };
  teller.log('phase.closed', { round, attempt: 0, ...closed }, true);
  return listHash;
}

/** listHash of secure-aggregation section 5, written here a second time for the tests. */
export function listHashOf(list: string, planHash: string, items: readonly (readonly [number, string])[]): string {
  const parts = items.flatMap(([idx, digest]) => [u16(idx), hashOfDigest(digest)]);
  return writtenDigest(labelledHash(`list/${list}`, hashOfDigest(planHash), u32(items.length), ...parts));
}

/** Signs a body of an attempt with the coordinator's key and puts it where the layout wants it. */
export function putSigned(
  files: Draft['files'],
  round: number,
  part: Parameters<typeof layout.roundFile>[1],
  body: Buffer,
): void {
  const type = part === 'plan' || part === 'manifest' ? part : 'list';
  const message = encodeSigned(signBody(type, body, keys.coordinator));
  files.set(layout.roundFile({ run: RUN, round, attempt: 0 }, part), message);
}

function charge(teller: Teller, { round, plan, rows }: Round, epsilonMicro: number): void {
  const row = {
    ...{ scope: 'model' as const, ledgerRef: MODEL, chargeId: `c-${round}`, epsilonMicro, deltaInv: 100_000 },
    ...{ totalMicro: epsilonMicro * round, capMicro: plan.facts.epsilonTotalMicro },
  };
  teller.log('privacy.charged', { ...row, mechanismDigest: digestOfByte(0xdd) }, true);
  rows.push({ ...row, run: RUN, round, attempt: 0, mechanism: 'ddg', at: teller.now() });
}

function payloadOf(files: Draft['files'], digest: string): Buffer {
  return dssePayload(JSON.parse(Buffer.from(files.get(layout.grantFile(digest))!).toString()) as DsseEnvelope);
}
