import {
  anchorRosters,
  type DsseEnvelope,
  dssePayload,
  fromBase64url,
  linkRosters,
  parseBody,
  parseCanonical,
  type Roster,
  requireApprovals,
  verifyBody,
  verifyDsse,
} from '@sumveil/wire';
import { z } from 'zod';
import { roundFile } from '../bundle/layout.ts';
import { IN_TOTO_TYPE, signedOnlyBy } from '../bundle/statement.ts';
import { type Evidence, leavesOf, rosterAt, rosterWithHash, signedFile } from './evidence.ts';
import { attempt, fail, must } from './result.ts';
import { endedUnsigned } from './round-facts.ts';

const GRANT_TYPE = 'application/vnd.sumveil.grant.v1+json';
const REFUSAL_TYPE = 'application/vnd.sumveil.gate-refusal.v1+json';
const APPROVERS_TYPE = 'application/vnd.sumveil.approvers.v1+json';

/** Class 12: every signature but the log's and the approvers', each by the key its roster epoch names. */
export function checkSignatures(evidence: Evidence): string {
  checkRosters(evidence);
  const roster = rosterAt(evidence, evidence.statement.predicate.asOf.size);
  must(
    signedOnlyBy(evidence.root, IN_TOTO_TYPE, roster.reportKey),
    `the bundle is not signed with the report key of epoch ${roster.epoch}`,
  );
  for (const [digest, grant] of evidence.grants) {
    const { grantKey } = rosterNamedBy(evidence, grant, `grant ${digest}`);
    must(signedOnlyBy(grant, GRANT_TYPE, grantKey), `grant ${digest} is not signed with its epoch’s grant key`);
  }
  for (const list of evidence.approverLists.values()) checkApproverList(evidence, list);
  checkRefusals(evidence);
  const opened = leavesOf(evidence, 'round.opened').filter(({ leaf }) => !endedUnsigned(evidence, leaf));
  const rounds = opened.map(({ leaf }) => checkRound(evidence, leaf));
  const envelopes = evidence.grants.size + evidence.approverLists.size + evidence.gateRefusals.size;
  const count = 1 + envelopes + rounds.reduce((a, b) => a + b, 0);
  const anchored = evidence.anchor ? `anchored in epoch ${evidence.anchor.trust.epoch}` : 'not anchored';
  return `${count} signatures verify; rosters ${anchored}`;
}

function checkRosters(evidence: Evidence): void {
  attempt('roster chain', () => {
    if (evidence.anchor) {
      const { trust, body } = evidence.anchor;
      const here = evidence.rosters.some((r) => r.epoch === trust.epoch);
      // A whole roster as trust file may be the epoch after those in the bundle: it anchors them by prevRoster.
      const more = !here && body ? [{ body, approvals: [] }] : [];
      anchorRosters([...evidence.epochs, ...more], trust);
    } else {
      const rosters = linkRosters(evidence.epochs);
      for (let i = 1; i < rosters.length; i++) requireApprovals(rosters[i - 1]!, evidence.epochs[i]!);
    }
  });
}

function rosterNamedBy(evidence: Evidence, grant: DsseEnvelope, what: string): Roster {
  const facts = z
    .looseObject({ rosterHash: z.string() })
    .safeParse(attempt(what, () => parseCanonical(dssePayload(grant))));
  const roster = facts.success ? rosterWithHash(evidence, facts.data.rosterHash) : undefined;
  return roster ?? fail(`${what} names a roster that is not in the bundle`);
}

function checkApproverList(evidence: Evidence, list: DsseEnvelope): void {
  const facts = z
    .looseObject({ tenantRef: z.string() })
    .safeParse(attempt('approver list', () => parseCanonical(dssePayload(list))));
  const tenantRef = facts.success ? facts.data.tenantRef : fail('an approver list names no tenant');
  const signed = signedByTenant(evidence, list, APPROVERS_TYPE, tenantRef);
  must(signed, `the approver list of ${tenantRef} is not signed with its roster key`);
}

const refusalPayload = z.looseObject({
  tenantRef: z.string(),
  runId: z.string(),
  grantDigest: z.string(),
  code: z.string(),
  field: z.int().optional(),
});

/**
 * A refusal is the connector's word: the coordinator can neither invent one, nor put it into another's mouth, nor log
 * another reason than was signed. So each leaf has its envelope and each envelope its leaf.
 */
function checkRefusals(evidence: Evidence): void {
  const refused = leavesOf(evidence, 'gate.refused');
  for (const digest of evidence.gateRefusals.keys()) {
    const known = refused.some(({ leaf }) => leaf.envelopeDigest === digest);
    must(known, `gate refusal ${digest} is in no leaf`);
  }
  for (const { idx, leaf } of refused) {
    const { tenantRef } = leaf;
    const at = `gate refusal of ${tenantRef} (leaf ${idx})`;
    const envelope = evidence.gateRefusals.get(leaf.envelopeDigest) ?? fail(`${at} is not in gate-refusals/`);
    must(signedByTenant(evidence, envelope, REFUSAL_TYPE, tenantRef), `${at} is not signed with its roster key`);
    const said = attempt(at, () => refusalPayload.parse(parseCanonical(dssePayload(envelope))));
    const same = (['tenantRef', 'grantDigest', 'code', 'field'] as const).every((f) => said[f] === leaf[f]);
    must(same && (leaf.run === undefined || said.runId === leaf.run), `${at} says something else than its leaf`);
  }
}

/**
 * By the tenant's roster key of any epoch here; keys of a tenant change with epochs. What a tenant sends is fixed by the
 * envelope digest in its leaf, so a signature beside its own changes nothing. To ask for more than the coordinator asked at
 * the door would let one tenant spoil the evidence about all.
 */
function signedByTenant(evidence: Evidence, envelope: DsseEnvelope, type: string, tenantRef: string): boolean {
  const members = evidence.rosters.flatMap((roster) => roster.members.filter((m) => m.tenantRef === tenantRef));
  return members.some(({ rosterKey }) => {
    try {
      return verifyDsse(envelope, type, fromBase64url(rosterKey, 32));
    } catch {
      return false;
    }
  });
}

/** @returns number of signatures verified */
function checkRound(evidence: Evidence, at: { run: string; round: number; attempt: number }): number {
  const plan = signedFile(evidence, roundFile(at, 'plan')) ?? fail(`${roundFile(at, 'plan')} is missing`);
  const named = attempt(roundFile(at, 'plan'), () =>
    z.looseObject({ rosterHash: z.string() }).parse(parseBody(plan.body)),
  );
  const digest = `sha256:${Buffer.from(named.rosterHash, 'base64url').toString('hex')}`;
  const roster = rosterWithHash(evidence, digest) ?? fail(`${roundFile(at, 'plan')} names a roster that is not here`);
  const key = fromBase64url(roster.coordinatorKey, 32);
  let count = 0;
  for (const [part, type] of Object.entries({
    plan: 'plan',
    u1: 'list',
    u2: 'list',
    u3: 'list',
    manifest: 'manifest',
  })) {
    const name = roundFile(at, part as 'plan');
    const message = signedFile(evidence, name);
    if (!message) continue;
    must(verifyBody(type, message, key), `${name} is not signed with the coordinator key of epoch ${roster.epoch}`);
    count += 1;
  }
  return count;
}
