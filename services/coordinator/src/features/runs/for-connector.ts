import { randomUUID } from 'node:crypto';
import { parseGrant } from '@sumveil/approvals';
import {
  digest,
  digestOf,
  dssePayload,
  fromBase64url,
  hashOfDigest,
  memberByTenant,
  parseCanonical,
  parseDsse,
  verifyDsse,
  WireError,
} from '@sumveil/wire';
import { z } from 'zod';
import { connectorActor } from '../../actor.ts';
import type { Tx } from '../../db/client.ts';
import type { Deps } from '../../deps.ts';
import { CoordinatorError, isCoordinatorError } from '../../error.ts';
import type { Grant, Run } from '../../generated/prisma/client.ts';
import type { ConnectorPeer } from '../../http/identity.ts';
import { rosterByHash } from '../../roster/in-force.ts';
import { answered } from '../rounds/answered.ts';

export const refusalType = 'application/vnd.sumveil.gate-refusal.v1+json';

const gateRefusal = z.strictObject({
  v: z.literal(1),
  tenantRef: z.string(),
  runId: z.string(),
  round: z.number().int().min(1).optional(),
  attempt: z.number().int().min(0).optional(),
  grantDigest: z.string(),
  planHash: digest.optional(),
  code: z.string().regex(/^GATE_[A-Z_]{2,40}$/),
  field: z.number().int().min(0).optional(),
  at: z.string(),
});

/** @throws CoordinatorError NOT_FOUND, also for a run of others */
export async function runOfCohort(tx: Tx, peer: ConnectorPeer, runId: string): Promise<{ run: Run; grant: Grant }> {
  const run = await tx.run.findUnique({ where: { id: runId }, include: { grants: true } });
  const grant = run?.grants.find((one) => one.id === run.grantId);
  if (!run || !grant || !parseGrant(parseDsse(grant.envelope)).cohort.members.includes(peer.tenantRef)) {
    throw new CoordinatorError('NOT_FOUND', 'There is no such run for this tenant.');
  }
  return { run, grant };
}

/** Everything the gate judges a run by, beside the plan file. */
export async function grantMaterial(deps: Deps, peer: ConnectorPeer, runId: string) {
  const tx = deps.db.prisma;
  const { run, grant } = await runOfCohort(tx, peer, runId);
  // The dedupe key of `plan.submitted`: a plan is submitted once.
  const planKey = JSON.stringify(['plan.submitted', run.planDigest]);
  const [proof, submitted] = await Promise.all([deps.log.logProof(grant.leafKey), deps.log.logProof(planKey)]);
  if (!proof || !submitted)
    throw new CoordinatorError('UNAVAILABLE', 'The log proofs of this grant and its plan are not ready yet.', {
      retryAfterSeconds: 1,
    });
  const members = parseGrant(parseDsse(grant.envelope)).cohort.members;
  const lists = await tx.approverList.findMany({ where: { tenantRef: { in: members } }, orderBy: { version: 'asc' } });
  const newest = new Map(lists.map((list) => [list.tenantRef, list.envelope]));
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  return {
    grant: base64(grant.envelope),
    leaf: base64(proof.leaf),
    proof: proof.tlogProof.toString('utf8'),
    approverLists: members.flatMap((ref) => (newest.has(ref) ? [base64(newest.get(ref)!)] : [])),
    planLeaf: base64(submitted.leaf),
    planProof: submitted.tlogProof.toString('utf8'),
  };
}

/** A database that is away is no answer: told as "no such artifact", it would cost the tenant the rest of its run. */
async function isInCohort(tx: Tx, peer: ConnectorPeer, runId: string): Promise<boolean> {
  try {
    await runOfCohort(tx, peer, runId);
    return true;
  } catch (error) {
    if (isCoordinatorError(error, 'NOT_FOUND')) return false;
    throw error;
  }
}

/** A model goes to the cohorts of runs that start from it, train on it or made it. */
export async function artifactFor(deps: Deps, peer: ConnectorPeer, digest: string): Promise<Buffer> {
  const tx = deps.db.prisma;
  const runs = await tx.run.findMany({
    where: { OR: [{ modelDigest: digest }, { attempts: { some: { modelDigest: digest } } }] },
    select: { id: true },
  });
  for (const { id } of runs) {
    if (await isInCohort(tx, peer, id)) return deps.artifacts.get(digest);
  }
  throw new CoordinatorError('NOT_FOUND', 'There is no such artifact for this tenant.');
}

/**
 * Keeps a signed refusal of a tenant's gate; it is the tenant's right and needs no answer. Who refused an attempt will not
 * answer it: the phase need not wait for them.
 */
export async function storeRefusal(deps: Deps, peer: ConnectorPeer, runId: string, bytes: Buffer): Promise<void> {
  const attemptId = await deps.db.transaction(async (tx) => {
    const { grant } = await runOfCohort(tx, peer, runId);
    const refusal = await verifiedRefusal(tx, peer, grant, bytes);
    if (refusal.runId !== runId || refusal.tenantRef !== peer.tenantRef) {
      throw new CoordinatorError('MESSAGE_REFUSED', 'The refusal names another run or tenant.');
    }
    const envelope = Uint8Array.from(bytes);
    const known = await tx.gateRefusal.findFirst({ where: { runId, tenantRef: peer.tenantRef, envelope } });
    if (known) return known.attemptId;
    const { grantDigest, code, field, planHash } = refusal;
    const attempt = planHash
      ? await tx.attempt.findFirst({ where: { runId, planHash: Uint8Array.from(hashOfDigest(planHash)) } })
      : null;
    const ids = { id: randomUUID(), tenantRef: peer.tenantRef, runId, attemptId: attempt?.id ?? null };
    await tx.gateRefusal.create({ data: { ...ids, grantDigest, code, field: field ?? null, envelope } });
    await deps.log.appendLeaf(tx, {
      type: 'gate.refused',
      actor: connectorActor(peer),
      run: runId,
      ...(attempt ? { round: attempt.round, attempt: attempt.attempt } : {}),
      tenantRef: peer.tenantRef,
      grantDigest,
      code: code as never,
      ...(field === undefined ? {} : { field }),
      envelopeDigest: digestOf(bytes),
    });
    deps.logger.event('connector.gate_refused', { run: runId, tenantRef: peer.tenantRef, code });
    return attempt?.id ?? null;
  });
  if (attemptId) await answered(deps, attemptId);
}

async function verifiedRefusal(tx: Tx, peer: ConnectorPeer, grant: Grant, bytes: Buffer) {
  try {
    const envelope = parseDsse(bytes);
    const roster = await rosterByHash(tx, hashOfDigest(parseGrant(parseDsse(grant.envelope)).rosterHash));
    const key = memberByTenant(roster, peer.tenantRef)?.rosterKey;
    if (!key || !verifyDsse(envelope, refusalType, fromBase64url(key, 32)))
      throw new WireError('SIGNATURE', 'not signed with this tenant’s roster key');
    return gateRefusal.parse(parseCanonical(dssePayload(envelope)));
  } catch (error) {
    if (error instanceof WireError || error instanceof z.ZodError) {
      throw new CoordinatorError('MESSAGE_REFUSED', 'The refusal is not a signed gate refusal of this tenant.', {
        cause: error,
      });
    }
    throw error;
  }
}
