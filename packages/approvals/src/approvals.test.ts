import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type DsseEnvelope, dsseBytes, parseDsse, type Roster } from '@sumveil/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ApproverRole,
  approvalsOn,
  buildApproval,
  buildApproverList,
  buildGrant,
  cohortOf,
  grantDigest,
  parseApproval,
  parseApproverList,
  parseGrant,
  tenantInCohort,
  verifyGrant,
} from './index.ts';

const vectors = JSON.parse(readFileSync(new URL('../../../tests/vectors/log/approvals.json', import.meta.url), 'utf8'));

describe('tenant in cohort (tests/vectors/log/approvals.json)', () => {
  for (const row of vectors.cases) {
    it(`${row.name}: ${row.want}`, () => {
      const verdict = tenantInCohort({ ...vectors, ...row });
      expect(verdict.in).toBe(row.want === 'in');
      expect(verdict.counted).toHaveLength(row.want === 'in' ? 2 : 0);
      if (row.want === 'out') expect(verdict.reasons).not.toEqual([]);
    });
  }

  it('obeys a withdrawal handed to the tenant directly, although the coordinator hides it', () => {
    const shown = vectors.cases.find((c: { name: string }) => c.name === 'both-granted');
    const withdrawn = vectors.cases.find((c: { name: string }) => c.name === 'withdrawn-later');
    expect(tenantInCohort({ ...vectors, ...shown, ownWithdrawals: withdrawn.approvals })).toMatchObject({
      in: false,
      reasons: ['WITHDRAWN'],
    });
  });

  it('does not depend on the order in which envelopes are shown', () => {
    fc.assert(
      fc.property(fc.constantFrom(...vectors.cases), fc.infiniteStream(fc.nat(1000)), (row, order) => {
        const shuffled = [...row.approvals].sort(() => (order.next().value % 2 === 0 ? 1 : -1));
        const [a, b] = [row.approvals, shuffled].map((approvals) => tenantInCohort({ ...vectors, ...row, approvals }));
        expect(b!.in).toBe(a!.in);
        expect(b!.counted).toEqual(a!.counted);
      }),
      { numRuns: 60 },
    );
  });

  it('never lets a later moment or one envelope less turn out into in', () => {
    fc.assert(
      fc.property(fc.constantFrom(...vectors.cases), fc.nat(40), fc.nat(3), (row, days, drop) => {
        const granted = row.approvals.filter((e: DsseEnvelope) => parseApproval(e).decision === 'granted');
        const less = granted.filter((_: DsseEnvelope, i: number) => i !== drop);
        const now = tenantInCohort({ ...vectors, ...row, approvals: granted });
        const at = Date.parse(row.at) + days * 86_400_000;
        expect(tenantInCohort({ ...vectors, ...row, approvals: less, at }).in && !now.in).toBe(false);
      }),
      { numRuns: 100 },
    );
  });
});

const planDigest = `sha256:${'ab'.repeat(32)}`;
const refOf = (letter: string) => letter.repeat(16);

interface Person {
  ref: string;
  key: KeyObject;
  publicKey: string;
}

function person(ref: string): Person {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { ref, key: privateKey, publicKey: publicKey.export({ format: 'jwk' }).x! };
}

function tenant(letter: string) {
  const [roster, steward, officer] = [
    person(refOf(letter)),
    person(refOf(`${letter}`).replace(/.$/, '2')),
    person(refOf(letter).replace(/.$/, '3')),
  ];
  const list = buildApproverList(
    {
      tenantRef: roster.ref,
      version: 1,
      approvers: [
        { approverRef: steward.ref, roles: ['data-steward'], key: steward.publicKey },
        { approverRef: officer.ref, roles: ['privacy-officer'], key: officer.publicKey },
      ],
    },
    roster.key,
  );
  return { ref: roster.ref, roster, steward, officer, list };
}

function say(t: ReturnType<typeof tenant>, who: Person, role: ApproverRole, more: object = {}): DsseEnvelope {
  return buildApproval(
    {
      approvalId: `a-${who.ref}`,
      ticket: { system: 'jira', id: 'CHG-1' },
      decision: 'granted',
      role,
      approverRef: who.ref,
      tenantRef: t.ref,
      subject: { kind: 'plan', digest: planDigest },
      issuedAt: '2026-11-01T00:00:00.000Z',
      expiresAt: '2026-11-20T00:00:00.000Z',
      nonce: 'n'.repeat(22),
      ...more,
    },
    who.key,
  );
}

const tenants = ['a', 'b', 'c'].map(tenant);
const roster = {
  members: tenants.map((t, i) => ({ idx: i + 1, tenantRef: t.ref, rosterKey: t.roster.publicKey, witnessKey: '' })),
} as unknown as Roster;
const approverLists = new Map(tenants.map((t) => [t.ref, t.list]));
const question = { roster, approverLists, requesterRef: refOf('z'), at: '2026-11-02T00:00:00.000Z' };
const both = (t: ReturnType<typeof tenant>) => [
  say(t, t.steward, 'data-steward'),
  say(t, t.officer, 'privacy-officer'),
];

describe('cohort', () => {
  const eligible = tenants.map((t) => t.ref);

  it('is the tenants that granted; a refusal takes out one of them', () => {
    const refusal = say(tenants[1]!, tenants[1]!.officer, 'privacy-officer', {
      decision: 'refused',
      reasonCode: 'RISK',
    });
    const cohort = cohortOf({ ...question, eligible, planDigest, approvals: [...tenants.flatMap(both), refusal] });
    expect(cohort.members).toEqual([eligible[0], eligible[2]]);
    expect(cohort).toMatchObject({ distinctApprovers: 4, tenantCount: 2, requesterIsApprover: false });
    expect(cohort.approvedRoles).toEqual(['data-steward', 'privacy-officer']);
    expect(cohort.approvalsExpireAt).toBe(Date.parse('2026-11-20T00:00:00.000Z'));
    expect(cohort.tenants[1]!.reasons).toContain('REFUSED');
  });

  it('names nothing when nobody granted, and a tenant that is in no roster', () => {
    const cohort = cohortOf({ ...question, eligible: [...eligible, refOf('y')], planDigest, approvals: [] });
    expect(cohort).toMatchObject({ members: [], approvedRoles: [], approvalsExpireAt: undefined });
    expect(cohort.tenants[3]!.reasons).toEqual(['NOT_IN_ROSTER']);
  });

  it('says that the requester approved, whose approval never counts', () => {
    const requesterRef = tenants[0]!.steward.ref;
    const cohort = cohortOf({ ...question, requesterRef, eligible, planDigest, approvals: tenants.flatMap(both) });
    expect(cohort).toMatchObject({ requesterIsApprover: true, tenantCount: 2 });
  });

  it('counts a promotion over tenants, but none of a tenant that refused', () => {
    const subject = { kind: 'promotion', digest: planDigest } as const;
    const approvals = [
      say(tenants[0]!, tenants[0]!.steward, 'data-steward', { subject }),
      say(tenants[1]!, tenants[1]!.officer, 'privacy-officer', { subject }),
      say(tenants[2]!, tenants[2]!.steward, 'data-steward', { subject }),
      say(tenants[2]!, tenants[2]!.officer, 'privacy-officer', { subject, decision: 'refused' }),
    ];
    expect(approvalsOn({ ...question, ...subject, approvals })).toMatchObject({
      approvedRoles: ['data-steward', 'privacy-officer'],
      distinctApprovers: 2,
    });
    expect(approvalsOn({ ...question, ...subject, kind: 'rollback', approvals }).distinctApprovers).toBe(0);
  });
});

describe('envelopes', () => {
  const key = person(refOf('g'));
  const grant = {
    grantId: 'grant-1',
    runId: 'run-1',
    rosterHash: planDigest,
    planDigest,
    codeDigest: planDigest,
    baseModelDigest: planDigest,
    cohort: { min: 2, members: [refOf('a'), refOf('b')] },
    dataVersions: [],
    epsilonRoundMicro: 0,
    epsilonTotalMicro: 0,
    deltaInv: 1,
    notBefore: 1,
    expiresAt: 2,
    approvals: both(tenants[0]!),
    policyBundle: planDigest,
    decisionId: 'd-1',
  };

  it('round-trips a grant and refuses another key', () => {
    const envelope = parseDsse(dsseBytes(buildGrant(grant, key.key)));
    expect(verifyGrant(envelope, key.publicKey)).toEqual({ v: 1, ...grant });
    expect(grantDigest(envelope)).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(() => verifyGrant(envelope, tenants[0]!.roster.publicKey)).toThrow(/grant key/);
  });

  it('refuses to sign what it would not read', () => {
    expect(() => buildGrant({ ...grant, cohort: { min: 3, members: grant.cohort.members } }, key.key)).toThrow(
      /minimum/,
    );
    expect(() => buildGrant({ ...grant, extra: 1 } as never, key.key)).toThrow(/extra/);
    const twice = { approverRef: refOf('p'), roles: ['data-steward' as const], key: key.publicKey };
    expect(() =>
      buildApproverList(
        { tenantRef: refOf('a'), version: 1, approvers: [twice, { ...twice, approverRef: refOf('q') }] },
        key.key,
      ),
    ).toThrow(/key appears twice/);
  });

  it('refuses a payload of another type or in another form', () => {
    const envelope = buildGrant(grant, key.key);
    expect(() => parseApproverList(envelope)).toThrow(/payload type/);
    const spaced = Buffer.from(` ${Buffer.from(envelope.payload, 'base64').toString()}`).toString('base64');
    expect(() => parseGrant({ ...envelope, payload: spaced })).toThrow(/canonical/);
  });

  it('writes the payload, type and keyid of the vectors', () => {
    const [envelope] = vectors.cases[0].approvals;
    const seed = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 0x51)]);
    const { v: _, ...fields } = parseApproval(envelope);
    const privateKey = generatePrivate(seed);
    expect(buildApproval(fields, privateKey)).toEqual(envelope);
  });
});

function generatePrivate(der: Buffer): KeyObject {
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}
