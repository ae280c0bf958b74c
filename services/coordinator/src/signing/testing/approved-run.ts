import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Approval, buildApproval, buildApproverList, envelopeDigest } from '@sumveil/approvals';
import { generateEd25519, newRef, rawEd25519 } from '@sumveil/identity';
import { initialModel, parseTask, trainStage } from '@sumveil/learning';
import { digestOf, dsseBytes, toBase64url } from '@sumveil/wire';
import { stringify } from 'yaml';
import { isCoordinatorError } from '../../error.ts';
import { submitPlan } from '../../features/plans/service.ts';
import { openRound } from '../../features/rounds/open-round.ts';
import { issueGrant } from '../../features/runs/grant.ts';
import { startRun } from '../../features/runs/start.ts';
import type { Person } from '../../http/identity.ts';
import { withLease } from '../../lease/lease.ts';
import type { Timings } from '../../timings.ts';
import type { EvidenceWorld, TestTenant } from './world.ts';

const DAY = 86_400_000;

const task = {
  kind: 'logistic',
  features: [{ name: 'speed', kind: 'numeric', min: 0, max: 400, missing: 'refuse' }],
  label: { name: 'damage', positive: 'yes', negative: 'no' },
  split: { testFraction: 0.25, seed: 7 },
  rows: { min: 4, max: 100 },
  standardise: { mode: 'none' },
  localSteps: 2,
  learningRate: 0.5,
  bins: 10,
} as const;

export interface Approver {
  readonly ref: string;
  readonly key: ReturnType<typeof generateEd25519>;
  readonly role: 'data-steward' | 'privacy-officer';
}

export interface ApprovedWorld {
  readonly operator: Person;
  readonly planDigest: string;
  readonly approversOf: ReadonlyMap<string, readonly Approver[]>;
  say(tenant: TestTenant, approver: Approver, decision: Approval['decision']): Promise<void>;
}

/** A submitted plan and the approver lists of every tenant; nobody has said anything yet. */
export async function submitToyPlan(world: EvidenceWorld): Promise<ApprovedWorld> {
  const { api } = world;
  const operator: Person = { userRef: newRef(), tenantRef: 'platform', roles: ['platform-operator'] };
  const parsed = parseTask(task);
  const model = initialModel(parsed);
  const { digest } = await api.artifacts.put(model, { maxBytes: model.byteLength });
  await api.db.prisma.artifact.create({
    data: { digest, size: BigInt(model.byteLength), mediaType: 'application/safetensors' },
  });
  const plan = {
    name: 'toy',
    model: { name: 'toy', digest },
    code: { digest: digestOf(Buffer.from('code')) },
    cohort: { min: 3, members: world.tenants.map((tenant) => tenant.ref) },
    regions: ['EU'],
    approvals: { roles: ['data-steward', 'privacy-officer'], approvers: 4 },
    task,
    stages: [trainStage(parsed, 2, { max: 100 })],
    aggregation: { clip: 8 },
    privacy: { mechanism: 'none' },
    deadlines: { advertise: [1, 60], share: [1, 60], masked: [1, 60], consistency: [1, 60], unmask: [1, 60] },
  };
  const bytes = Buffer.from(stringify(plan, { aliasDuplicateObjects: false }));
  const { planDigest } = await submitPlan(api, operator, bytes);
  const approversOf = new Map<string, Approver[]>();
  for (const tenant of world.tenants) approversOf.set(tenant.ref, await declareList(world, tenant));
  return {
    operator,
    planDigest,
    approversOf,
    say: (tenant, approver, decision) => say(world, { planDigest, tenant, approver, decision }),
  };
}

async function declareList({ api }: EvidenceWorld, tenant: TestTenant): Promise<Approver[]> {
  const approvers = (['data-steward', 'privacy-officer'] as const).map((role) => ({
    ref: newRef(),
    key: generateEd25519(),
    role,
  }));
  const list = buildApproverList(
    {
      tenantRef: tenant.ref,
      version: 1,
      approvers: approvers.map(({ ref, key, role }) => ({
        approverRef: ref,
        roles: [role],
        key: toBase64url(rawEd25519(key)),
      })),
    },
    tenant.rosterKey,
  );
  const bytes = dsseBytes(list);
  await api.db.prisma.approverList.create({
    data: { tenantRef: tenant.ref, version: 1, envelope: Uint8Array.from(bytes), digest: digestOf(bytes) },
  });
  return approvers;
}

async function say(
  { api }: EvidenceWorld,
  o: { planDigest: string; tenant: TestTenant; approver: Approver; decision: Approval['decision'] },
): Promise<void> {
  const now = Date.now();
  const fields = {
    approvalId: `ap-${newRef()}`,
    ticket: { system: 'change', id: `CHG-${o.tenant.idx}` },
    decision: o.decision,
    role: o.approver.role,
    approverRef: o.approver.ref,
    tenantRef: o.tenant.ref,
    subject: { kind: 'plan', digest: o.planDigest },
    issuedAt: new Date(now).toISOString(),
    expiresAt: new Date(now + DAY).toISOString(),
    nonce: randomBytes(16).toString('base64url'),
  } as const;
  const envelope = buildApproval(fields, o.approver.key);
  await api.db.prisma.approval.create({
    data: {
      id: fields.approvalId,
      subjectKind: 'plan',
      subjectDigest: o.planDigest,
      tenantRef: o.tenant.ref,
      approverRef: o.approver.ref,
      role: o.approver.role,
      decision: o.decision,
      ticketSystem: fields.ticket.system,
      ticketId: fields.ticket.id,
      issuedAt: new Date(fields.issuedAt),
      expiresAt: new Date(fields.expiresAt),
      envelope: Uint8Array.from(dsseBytes(envelope)),
      digest: envelopeDigest(envelope),
    },
  });
}

/** Everybody grants, the run starts, and its grant is signed and under a quorum. */
export async function startGrantedRun(world: EvidenceWorld, approved: ApprovedWorld): Promise<string> {
  for (const tenant of world.tenants) {
    for (const approver of approved.approversOf.get(tenant.ref)!) await approved.say(tenant, approver, 'granted');
  }
  const { runId } = await startRun(world.api, approved.operator, approved.planDigest);
  if (!runId) throw new Error('the start was denied');
  await issueGrant(world.worker, runId);
  return runId;
}

/** Opens what is due of the run; whoever of the world is still at work on it is waited for. */
export async function openNext(
  { worker }: EvidenceWorld,
  runId: string,
  timings: Timings = worker.timings,
): Promise<string | undefined> {
  const resource = `run:${runId}`;
  for (;;) {
    try {
      return await withLease(worker.db, { resource, timings }, (lease) =>
        openRound({ ...worker, timings }, lease, runId),
      );
    } catch (error) {
      if (!isCoordinatorError(error, 'LEASE_BUSY')) throw error;
      await pause(50);
    }
  }
}
