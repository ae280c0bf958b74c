import type { KeyObject } from 'node:crypto';
import { type ApproverRole, buildApproval, buildApproverList } from '@sumveil/approvals';
import { generateEd25519, newRef, rawEd25519 } from '@sumveil/identity';
import { encodeRoster, parseRoster, type Roster } from '@sumveil/secagg';
import { type DsseEnvelope, quorumOf, toBase64url } from '@sumveil/wire';

/** A tenant with its keys, two approvers and a signed list of them. */
export interface TestTenant {
  readonly idx: number;
  readonly ref: string;
  readonly rosterKey: KeyObject;
  readonly witnessKey: KeyObject;
  readonly steward: Approver;
  readonly officer: Approver;
  readonly list: DsseEnvelope;
}

export interface Approver {
  readonly ref: string;
  readonly role: ApproverRole;
  readonly key: KeyObject;
}

export const raw = (key: KeyObject): string => toBase64url(rawEd25519(key));

export function testTenant(
  idx: number,
  keys?: { ref: string; rosterKey: KeyObject; witnessKey: KeyObject },
): TestTenant {
  const { ref, rosterKey, witnessKey } = keys ?? {
    ref: newRef(),
    rosterKey: generateEd25519(),
    witnessKey: generateEd25519(),
  };
  const steward = { ref: newRef(), role: 'data-steward' as const, key: generateEd25519() };
  const officer = { ref: newRef(), role: 'privacy-officer' as const, key: generateEd25519() };
  return { idx, ref, rosterKey, witnessKey, steward, officer, list: listOf(ref, [steward, officer], rosterKey) };
}

export function listOf(
  tenantRef: string,
  approvers: readonly Approver[],
  rosterKey: KeyObject,
  version = 1,
): DsseEnvelope {
  const rows = approvers.map(({ ref, role, key }) => ({ approverRef: ref, roles: [role], key: raw(key) }));
  return buildApproverList({ tenantRef, version, approvers: rows }, rosterKey);
}

let approvals = 0;

export function approve(
  tenant: Pick<TestTenant, 'ref'>,
  approver: Approver,
  planDigest: string,
  o: { at: number; decision?: 'granted' | 'refused' | 'withdrawn'; expiresAt?: number },
): DsseEnvelope {
  approvals += 1;
  return buildApproval(
    {
      approvalId: `a-${approvals}`,
      ticket: { system: 'tickets', id: `T-${approvals}` },
      decision: o.decision ?? 'granted',
      role: approver.role,
      approverRef: approver.ref,
      tenantRef: tenant.ref,
      subject: { kind: 'plan', digest: planDigest },
      issuedAt: new Date(o.at).toISOString(),
      expiresAt: new Date(o.expiresAt ?? o.at + 86_400_000).toISOString(),
      nonce: 'n'.repeat(22),
    },
    approver.key,
  );
}

export interface CoordinatorKeys {
  readonly coordinator: KeyObject;
  readonly grant: KeyObject;
  readonly report: KeyObject;
  readonly log: KeyObject;
}

export function coordinatorKeys(): CoordinatorKeys {
  return {
    coordinator: generateEd25519(),
    grant: generateEd25519(),
    report: generateEd25519(),
    log: generateEd25519(),
  };
}

export function testRoster(
  tenants: readonly TestTenant[],
  keys: CoordinatorKeys,
  rootSpki: string,
): { body: Buffer; roster: Roster } {
  const fraction = { cNum: 1, cDen: 3 };
  const body = encodeRoster({
    type: 'roster',
    v: 1,
    rosterId: 'test',
    epoch: 1,
    prevRoster: 'A'.repeat(43),
    members: tenants.map((t) => ({
      idx: t.idx,
      tenantRef: t.ref,
      rosterKey: raw(t.rosterKey),
      witnessKey: raw(t.witnessKey),
    })),
    coordinatorKey: raw(keys.coordinator),
    grantKey: raw(keys.grant),
    reportKey: raw(keys.report),
    logOrigin: 'log.example',
    logKey: raw(keys.log),
    rootSpki: [rootSpki],
    witnessQuorum: quorumOf(tenants.length, fraction),
    ...fraction,
    minCohort: Math.min(5, tenants.length),
    suites: [2],
    modes: ['complete'],
  });
  return { body, roster: parseRoster(body) };
}
