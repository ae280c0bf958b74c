import { randomUUID } from 'node:crypto';
import { ApprovalsError, verifyApproverList } from '@sumveil/approvals';
import {
  decodeSigned,
  digestOf,
  fromBase64url,
  memberByTenant,
  parseDsse,
  parseRoster,
  rosterFingerprint,
  rosterHash,
  toBase64url,
  verifyBody,
  WireError,
  writtenDigest,
} from '@sumveil/wire';
import { connectorActor, personActor } from '../../actor.ts';
import type { Tx } from '../../db/client.ts';
import type { Deps } from '../../deps.ts';
import { CoordinatorError } from '../../error.ts';
import type { ConnectorPeer, Person } from '../../http/identity.ts';
import { settleRosters } from '../../log/roster-epochs.ts';
import { readSignerPublic } from '../../signing/signer-public.ts';
import { draftRoster } from './draft.ts';
import { newest } from './store.ts';

export async function draft(deps: Deps, o: { minCohort: number; suites: (1 | 2)[] }): Promise<Buffer> {
  const { trustDomain: rosterId, logOrigin, signerPublicFile } = deps.config;
  return draftRoster(deps.db.prisma, { ...o, rosterId, logOrigin, keys: readSignerPublic(signerPublicFile) });
}

/** Logs a body and offers it. Only what a draft would say now is taken, so a stale or altered file is refused with a reason. */
export async function publish(
  deps: Deps,
  person: Person,
  body: Buffer,
): Promise<{ rosterHash: string; fingerprint: string; epoch: number }> {
  const roster = parsed(body);
  const hash = rosterHash(body);
  await deps.db.transaction(async (tx) => {
    const expected = await draftRoster(tx, {
      minCohort: roster.minCohort,
      suites: roster.suites as (1 | 2)[],
      rosterId: deps.config.trustDomain,
      logOrigin: deps.config.logOrigin,
      keys: readSignerPublic(deps.config.signerPublicFile),
    });
    if (!expected.equals(body)) {
      throw new CoordinatorError(
        'CONFLICT',
        'The roster differs from what is enrolled now (keys, members or epoch): draft it again, compare, then publish.',
      );
    }
    await tx.roster.create({
      data: {
        hash: Uint8Array.from(hash),
        rosterId: roster.rosterId,
        epoch: roster.epoch,
        body: Uint8Array.from(body),
      },
    });
    await deps.log.appendLeaf(
      tx,
      {
        type: 'roster.published',
        actor: personActor(person),
        rosterEpoch: roster.epoch,
        rosterHash: writtenDigest(hash),
        prevRoster: writtenDigest(fromBase64url(roster.prevRoster, 32)),
        members: roster.members.map(({ idx, tenantRef }) => ({ idx, tenantRef })),
        witnessQuorum: roster.witnessQuorum,
        approvedBy: [],
      },
      { gated: true },
    );
  });
  return { rosterHash: toBase64url(hash), fingerprint: rosterFingerprint(hash), epoch: roster.epoch };
}

/** A member counts as pinned once its witness has cosigned a checkpoint that covers the publication. */
export async function status(deps: Deps) {
  const row = await newest(deps.db.prisma);
  const roster = parseRoster(row.body);
  const published = await deps.db.prisma.auditLeaf.findFirst({
    where: { key: { contains: Buffer.from(row.hash).toString('hex') } },
    orderBy: { idx: 'asc' },
  });
  const cosigned = published
    ? await deps.db.prisma.auditCosig.findMany({
        where: { size: { gt: published.idx } },
        select: { tenantRef: true },
        distinct: ['tenantRef'],
      })
    : [];
  const pinned = new Set(cosigned.map((row) => row.tenantRef));
  return {
    rosterId: roster.rosterId,
    epoch: roster.epoch,
    rosterHash: toBase64url(row.hash),
    fingerprint: rosterFingerprint(row.hash),
    effective: row.effectiveAt !== null,
    members: roster.members.map(({ idx, tenantRef }) => ({ idx, tenantRef, pinned: pinned.has(tenantRef) })),
    witnessQuorum: roster.witnessQuorum,
    minCohort: roster.minCohort,
  };
}

/** Exact bytes of the newest body, for connectors. */
export async function newestBody(tx: Tx): Promise<Buffer> {
  return Buffer.from((await newest(tx)).body);
}

export async function approvalMessages(tx: Tx): Promise<Buffer> {
  const row = await newest(tx);
  const approvals = await tx.rosterApproval.findMany({ where: { rosterHash: row.hash }, orderBy: { idx: 'asc' } });
  return Buffer.concat(approvals.map(({ message }) => message));
}

/** A `roster-approve` message, verified with the key that the sender has in the newest roster or the one in force. */
export async function approve(deps: Deps, peer: ConnectorPeer, bytes: Buffer): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const row = await newest(tx);
    const signed = readable(() => decodeSigned(bytes));
    const body = readable(
      () =>
        JSON.parse(Buffer.from(signed.body).toString('utf8')) as { type?: string; idx?: number; rosterHash?: string },
    );
    const members = await memberRows(tx, peer.tenantRef);
    const member = members.find(({ idx }) => idx === body.idx);
    const fits = body.type === 'roster-approve' && body.rosterHash === toBase64url(row.hash) && member;
    if (!fits || !verifyBody('roster-approve', signed, fromBase64url(member.rosterKey, 32))) {
      throw new CoordinatorError(
        'MESSAGE_REFUSED',
        'The approval is not for the newest roster, or not signed with this tenant’s roster key.',
      );
    }
    await tx.rosterApproval.createMany({
      data: [{ rosterHash: row.hash, idx: member.idx, message: Uint8Array.from(bytes) }],
      skipDuplicates: true,
    });
    await settleRosters(deps.log, tx);
  });
}

async function memberRows(tx: Tx, tenantRef: string) {
  const rows = await tx.roster.findMany({ orderBy: { epoch: 'desc' }, take: 2 });
  return rows.flatMap((row) => memberByTenant(parseRoster(row.body), tenantRef) ?? []);
}

/** Keeps a tenant's list of approvers; its version only grows, and only the tenant's roster key can make one. */
export async function declareApprovers(deps: Deps, peer: ConnectorPeer, bytes: Buffer): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const member = memberByTenant(parseRoster((await newest(tx)).body), peer.tenantRef);
    if (!member)
      throw new CoordinatorError(
        'MESSAGE_REFUSED',
        'This tenant has no row in the newest roster; its approvers count from the epoch that has one.',
      );
    const envelope = readable(() => parseDsse(bytes));
    const list = readable(() =>
      verifyApproverList(envelope, { tenantRef: peer.tenantRef, rosterKey: member.rosterKey }),
    );
    const last = await tx.approverList.findFirst({
      where: { tenantRef: peer.tenantRef },
      orderBy: { version: 'desc' },
    });
    if (last && last.digest === digestOf(bytes)) return;
    if (last && last.version >= list.version) {
      throw new CoordinatorError(
        'CONFLICT',
        `Version ${list.version} is not above the last one, ${last.version}: raise it and sign again.`,
      );
    }
    await tx.approverList.create({
      data: {
        tenantRef: peer.tenantRef,
        version: list.version,
        envelope: Uint8Array.from(bytes),
        digest: digestOf(bytes),
      },
    });
    await deps.log.appendLeaf(tx, {
      type: 'approvers.declared',
      actor: connectorActor(peer),
      tenantRef: peer.tenantRef,
      ...(last ? { digestOld: last.digest } : {}),
      digestNew: digestOf(bytes),
    } as never);
  });
}

export async function declareLocalPolicy(
  deps: Deps,
  peer: ConnectorPeer,
  o: { digest: string; minCohort: number; minHonest: number },
): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const last = await tx.localPolicyDeclaration.findFirst({
      where: { tenantRef: peer.tenantRef },
      orderBy: { at: 'desc' },
    });
    if (last?.digest === o.digest) return;
    await tx.localPolicyDeclaration.create({
      data: { id: randomUUID(), tenantRef: peer.tenantRef, digest: o.digest, minCohort: o.minCohort },
    });
    await deps.log.appendLeaf(tx, {
      type: 'localpolicy.declared',
      actor: connectorActor(peer),
      tenantRef: peer.tenantRef,
      ...(last ? { digestOld: last.digest } : {}),
      digestNew: o.digest,
    } as never);
  });
}

function parsed(body: Buffer) {
  return readable(() => parseRoster(body), 'BAD_REQUEST');
}

function readable<T>(read: () => T, code: 'MESSAGE_REFUSED' | 'BAD_REQUEST' = 'MESSAGE_REFUSED'): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof WireError || error instanceof ApprovalsError || error instanceof SyntaxError) {
      throw new CoordinatorError(code, `Refused: ${error.message}. Nothing was kept.`, { cause: error });
    }
    throw error;
  }
}
