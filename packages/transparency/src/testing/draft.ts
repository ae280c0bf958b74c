import { buildApproval, buildApproverList, buildGrant, envelopeDigest, grantDigest } from '@sumveil/approvals';
import {
  canonicalBytes,
  type DsseEnvelope,
  digestOf,
  dsseBytes,
  dssePayload,
  encodeSigned,
  sha256,
  signBody,
} from '@sumveil/wire';
import * as layout from '../bundle/layout.ts';
import type { Leaf } from '../leaf/leaf.ts';
import type { LedgerRow } from '../verify/privacy.ts';
import {
  digestOfByte,
  iso,
  keys,
  MODEL,
  officerRef,
  REQUESTER,
  RUN,
  START,
  serialOf,
  stewardRef,
  TENANTS,
} from './cast.ts';
import { publicOf } from './keys.ts';
import { bytesOf, POLICY_PATH, roundPlanBody } from './test-replay.ts';

/** Leaves and files before anything is hashed into a tree: what a test tampers with. */
export interface Draft {
  readonly rosterBody: Buffer;
  readonly leaves: Leaf[];
  readonly files: Map<string, Uint8Array>;
}

/** How the story goes; every default is the good one. */
export interface Story {
  /** Changes the fields of one approval before it is signed. */
  readonly approval?: (fields: Parameters<typeof buildApproval>[0]) => Partial<Parameters<typeof buildApproval>[0]>;
  /** ε of the plan in micro-units; each of the two rounds costs a third of it. */
  readonly epsilonTotalMicro?: number;
  readonly requesterRef?: string;
  readonly needApprovers?: number;
  /** Is told when the round opens; may log more. */
  readonly beforeRound?: (round: number, teller: Teller) => void;
}

/** The file of a digest in hex, as the names of a bundle want it. */
export class Teller {
  readonly draft: Draft;
  #runSeq = 0;
  #seconds = 0;

  constructor(draft: Draft) {
    this.draft = draft;
  }

  now(): string {
    return iso(START + this.#seconds * 1000);
  }

  /** Logs a leaf one second after the one before; `inRun` gives it the run's next number. */
  log(type: Leaf['type'], fields: object, inRun = false): void {
    this.#seconds += 1;
    const hex = this.#seconds.toString(16).padStart(12, '0');
    const run = inRun ? { run: RUN, runSeq: ++this.#runSeq } : {};
    const actor = { kind: 'service', ref: 'coordinator', via: 'worker' };
    const leaf = { v: 1, id: `01939000-0000-7000-8000-${hex}`, type, time: this.now(), actor, ...run, ...fields };
    this.draft.leaves.push(leaf as unknown as Leaf);
  }

  decide(action: string, spent: number, decisionId: string): void {
    const input = { request: { action, spent }, entities: [] };
    const before = this.draft.files.get(layout.INPUTS_FILE) ?? new Uint8Array();
    const line = canonicalBytes({ decisionId, input });
    this.draft.files.set(layout.INPUTS_FILE, Buffer.concat([before, line, Buffer.from('\n')]));
    const bundle = digestOf(this.draft.files.get(layout.LOCK_FILE)!);
    const decided = { decisionId, action, effect: 'allow', cause: 'permit', reasons: ['round.allow'], bundle };
    this.log('policy.decided', { ...decided, inputDigest: digestOf(canonicalBytes(input)) }, true);
  }

  approve(fields: Parameters<typeof buildApproval>[0], key: Parameters<typeof buildApproval>[1]): DsseEnvelope {
    const envelope = buildApproval(fields, key);
    const digest = envelopeDigest(envelope);
    this.draft.files.set(layout.approvalFile(digest), dsseBytes(envelope));
    const { approvalId, ticket, role, approverRef, tenantRef, subject, expiresAt, decision } = fields;
    this.log(`approval.${decision}`, {
      approvalId,
      envelopeDigest: digest,
      ticket,
      role,
      approverRef,
      tenantRef,
      subject,
      expiresAt,
    });
    return envelope;
  }
}

/** Base model of the plan, and the model after each round. */
export const modelAfter = (round: number): string => digestOf(Buffer.from(`model ${round}`));

/** A run of two rounds over five tenants, from the submitted plan to run.completed. */
export function tell(rosterBody: Buffer, certificates: string, story: Story = {}): Draft {
  const draft: Draft = { rosterBody, leaves: [], files: new Map() };
  const teller = new Teller(draft);
  const { files } = draft;
  files.set(layout.rosterFile(1), rosterBody);
  files.set(layout.CERTIFICATES_FILE, Buffer.from(certificates));
  const policy = Buffer.from('1000');
  files.set(`${layout.POLICY_FOLDER}${POLICY_PATH}`, policy);
  files.set(layout.LOCK_FILE, Buffer.from(`${sha256(policy).toString('hex')}  ${POLICY_PATH}\n`));
  files.set('report.html', Buffer.from('<h1>Report</h1>\n'));
  TENANTS.forEach((tenantRef, i) => {
    const list = approverList(i);
    files.set(layout.approverListFile(tenantRef), dsseBytes(list));
    teller.log('approvers.declared', { tenantRef, digestNew: envelopeDigest(list) });
  });
  const planDigest = submitPlan(teller, story);
  const approvals = TENANTS.flatMap((_, i) => approveBoth(teller, i, planDigest, story));
  startRun(teller, story, planDigest, approvals);
  return draft;
}

export function approverList(i: number): DsseEnvelope {
  const steward = { approverRef: stewardRef(i), roles: ['data-steward' as const], key: publicOf(keys.steward(i)) };
  const officer = { approverRef: officerRef(i), roles: ['privacy-officer' as const], key: publicOf(keys.officer(i)) };
  return buildApproverList({ tenantRef: TENANTS[i]!, version: 1, approvers: [steward, officer] }, keys.roster(i));
}

function submitPlan(teller: Teller, story: Story): string {
  const plan = {
    modelDigest: modelAfter(0),
    codeDigest: digestOfByte(0xc0),
    eligible: TENANTS,
    minCohort: 5,
    epsilonTotalMicro: story.epsilonTotalMicro ?? 0,
    needApprovers: story.needApprovers ?? 2,
  };
  const bytes = canonicalBytes(plan);
  const planDigest = digestOf(bytes);
  teller.draft.files.set(layout.planFile(planDigest), bytes);
  const { modelDigest: baseModelDigest, codeDigest, eligible, minCohort, epsilonTotalMicro } = plan;
  const requesterRef = story.requesterRef ?? REQUESTER;
  teller.log('plan.submitted', {
    planDigest,
    baseModelDigest,
    codeDigest,
    requesterRef,
    eligible,
    minCohort,
    epsilonTotalMicro,
    deltaInv: 100_000,
  });
  return planDigest;
}

export function approvalFields(i: number, role: 'data-steward' | 'privacy-officer', planDigest: string) {
  return {
    approvalId: `a-${i}-${role}`,
    ticket: { system: 'jira', id: `CHG-${i}` },
    decision: 'granted' as const,
    role,
    approverRef: role === 'data-steward' ? stewardRef(i) : officerRef(i),
    tenantRef: TENANTS[i]!,
    subject: { kind: 'plan' as const, digest: planDigest },
    issuedAt: iso(START - 1_000_000),
    expiresAt: iso(START + 1_000_000),
    nonce: 'n'.repeat(22),
  };
}

function approveBoth(teller: Teller, i: number, planDigest: string, story: Story): DsseEnvelope[] {
  const sides = [['data-steward', keys.steward(i)] as const, ['privacy-officer', keys.officer(i)] as const];
  return sides.map(([role, key]) => {
    const fields = approvalFields(i, role, planDigest);
    return teller.approve({ ...fields, ...story.approval?.(fields) }, key);
  });
}

function startRun(teller: Teller, story: Story, planDigest: string, approvals: DsseEnvelope[]): void {
  const { draft } = teller;
  const epsilonTotalMicro = story.epsilonTotalMicro ?? 0;
  teller.decide('startRun', 1, 'd-start');
  const grant = buildGrant(
    {
      grantId: 'grant-1',
      runId: RUN,
      rosterHash: digestOf(draft.rosterBody),
      planDigest,
      codeDigest: digestOfByte(0xc0),
      baseModelDigest: modelAfter(0),
      cohort: { min: 5, members: TENANTS },
      dataVersions: [],
      epsilonRoundMicro: 0,
      epsilonTotalMicro,
      deltaInv: 100_000,
      notBefore: START - 1000,
      expiresAt: START + 2_000_000,
      approvals,
      policyBundle: digestOf(draft.files.get(layout.LOCK_FILE)!),
      decisionId: 'd-start',
    },
    keys.grant,
  );
  const digest = grantDigest(grant);
  draft.files.set(layout.grantFile(digest), dsseBytes(grant));
  teller.log('run.started', { planDigest, grantDigest: digest, decisionId: 'd-start' }, true);
  teller.log(
    'grant.issued',
    { grantId: 'grant-1', grantDigest: digest, planDigest, cohort: TENANTS, expiresAt: iso(START + 2_000_000) },
    true,
  );
  const rows: LedgerRow[] = [];
  let prevManifest = digestOfByte(0);
  for (const round of [1, 2]) {
    story.beforeRound?.(round, teller);
    prevManifest = playRound(teller, { round, grantDigest: digest, planDigest, prevManifest, epsilonTotalMicro, rows });
  }
  draft.files.set(layout.LEDGER_FILE, canonicalBytes({ v: 1, rows }));
  teller.log('run.completed', { outcome: 'completed', rounds: 2, lastModelDigest: modelAfter(2) }, true);
}

interface Round {
  round: number;
  grantDigest: string;
  planDigest: string;
  prevManifest: string;
  epsilonTotalMicro: number;
  rows: LedgerRow[];
}

/** @returns digest of the manifest */
function playRound(
  teller: Teller,
  { round, grantDigest: granted, planDigest, prevManifest, epsilonTotalMicro, rows }: Round,
): string {
  const { files, rosterBody } = teller.draft;
  const at = { round, attempt: 0 };
  const place = { run: RUN, ...at };
  const body = roundPlanBody(
    { planFile: files.get(layout.planFile(planDigest))!, grantPayload: payloadOf(files, granted), rosterBody },
    { ...at, modelHash: bytesOf(modelAfter(round - 1)), prevManifest: bytesOf(prevManifest) },
  );
  files.set(layout.roundFile(place, 'plan'), encodeSigned(signBody('plan', body, keys.coordinator)));
  teller.decide('startRound', round, `d-open-${round}`);
  const opened = { planHash: digestOf(body), modelHash: modelAfter(round - 1), grantDigest: granted, cohort: TENANTS };
  teller.log('round.opened', { ...at, ...opened, deadlineAt: iso(START + 1e6), decisionId: `d-open-${round}` }, true);
  TENANTS.forEach((tenantRef, i) => {
    const digests = { m2Digest: digestOfByte(i), chunkRoot: digestOfByte(i) };
    teller.log('update.accepted', { ...at, tenantRef, ...digests, serial: serialOf(i) }, true);
  });
  const [u3Hash, aggRoot] = [digestOfByte(0x30 + round), digestOfByte(0xa0 + round)];
  const closed = { phase: 'masked', setSize: 5, listHash: u3Hash, cause: 'all' };
  teller.log('phase.closed', { ...at, ...closed }, true);
  const manifest = canonicalBytes({
    ...{
      type: 'manifest',
      v: 1,
      planHash: bytesOf(digestOf(body)),
      u3Hash: bytesOf(u3Hash),
      aggRoot: bytesOf(aggRoot),
    },
    survivors: [1, 2, 3, 4, 5],
  });
  const list = { type: 'list', v: 1, phase: 'u3', planHash: bytesOf(digestOf(body)), listHash: bytesOf(u3Hash) };
  const u3 = canonicalBytes({ ...list, members: [1, 2, 3, 4, 5] });
  files.set(layout.roundFile(place, 'u3'), encodeSigned(signBody('list', u3, keys.coordinator)));
  files.set(layout.roundFile(place, 'manifest'), encodeSigned(signBody('manifest', manifest, keys.coordinator)));
  teller.log('aggregate.computed', { ...at, u3Hash, aggRoot, survivors: 5 }, true);
  teller.decide('releaseAggregate', round, `d-release-${round}`);
  if (epsilonTotalMicro > 0) charge(teller, { round, epsilonTotalMicro, rows });
  const released = {
    aggRoot,
    manifestDigest: digestOf(manifest),
    chargeId: `c-${round}`,
    decisionId: `d-release-${round}`,
  };
  teller.log('aggregate.released', { ...at, ...released }, true);
  const version = {
    model: MODEL,
    version: round,
    digest: modelAfter(round),
    parentDigest: modelAfter(round - 1),
    aggRoot,
  };
  teller.log('model.version_created', { ...at, ...version }, true);
  teller.log('round.closed', { ...at, survivors: 5, dropped: [], phase: 'unmask' }, true);
  return digestOf(manifest);
}

function charge(
  teller: Teller,
  { round, epsilonTotalMicro, rows }: Pick<Round, 'round' | 'epsilonTotalMicro' | 'rows'>,
) {
  const epsilonMicro = Math.floor(epsilonTotalMicro / 3);
  const row = {
    ...{ scope: 'model' as const, ledgerRef: MODEL, chargeId: `c-${round}`, epsilonMicro, deltaInv: 100_000 },
    ...{ totalMicro: epsilonMicro * round, capMicro: epsilonTotalMicro },
  };
  teller.log('privacy.charged', { ...row, mechanismDigest: digestOfByte(0xdd) }, true);
  rows.push({ ...row, run: RUN, round, attempt: 0, mechanism: 'ddg', at: teller.now() });
}

function payloadOf(files: Draft['files'], digest: string): Buffer {
  return dssePayload(JSON.parse(Buffer.from(files.get(layout.grantFile(digest))!).toString()) as DsseEnvelope);
}
