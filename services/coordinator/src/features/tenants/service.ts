import { randomUUID } from 'node:crypto';
import { newJoinString, newRef } from '@sumveil/identity';
import { personActor } from '../../actor.ts';
import { databaseNow } from '../../db/client.ts';
import { notify } from '../../db/notify.ts';
import type { Deps } from '../../deps.ts';
import { CoordinatorError } from '../../error.ts';
import type { Person } from '../../http/identity.ts';
import { readSignerPublic } from '../../signing/signer-public.ts';
import { lockTenant } from '../enrolment/store-certificate.ts';
import { insertTenant, requireTenant, type TenantView, tenantViews } from './store.ts';

/** Life of a join string that is not bound to a key in advance (governance section 1, rule 3). */
const joinStringMs = 15 * 60_000;

export async function createTenant(
  deps: Deps,
  person: Person,
  o: { name: string; region: string },
): Promise<TenantView> {
  return deps.db.transaction(async (tx) => {
    const tenant = await insertTenant(tx, { ref: newRef(), ...o });
    await deps.log.appendLeaf(tx, {
      type: 'tenant.created',
      actor: personActor(person),
      tenantRef: tenant.ref,
      region: tenant.region,
    });
    return {
      tenantRef: tenant.ref,
      idx: tenant.idx,
      name: tenant.name,
      region: tenant.region,
      status: 'active',
      connector: 'none',
    };
  });
}

export async function listTenants(deps: Deps, person: Person): Promise<TenantView[]> {
  const only = person.tenantRef === 'platform' ? undefined : person.tenantRef;
  return tenantViews(deps.db.prisma, { only, absentAfterMs: deps.timings.absentMs });
}

/** First ticket: the operator's. */
export async function inviteTenant(deps: Deps, tenantRef: string, ticket: string): Promise<string> {
  return deps.db.transaction(async (tx) => {
    const tenant = await requireTenant(tx, tenantRef);
    const { id } = await tx.invitation.create({
      data: { id: randomUUID(), tenantRef: tenant.ref, operatorTicket: ticket },
    });
    return id;
  });
}

/** Second ticket: the tenant's own admin, who alone ever sees the token. Another tenant's invitation looks absent. */
export async function confirmInvitation(
  deps: Deps,
  person: Person,
  invitationId: string,
  ticket: string,
): Promise<{ joinString: string; expiresAt: Date }> {
  const { rootSpki } = readSignerPublic(deps.config.signerPublicFile);
  const join = newJoinString(rootSpki);
  return deps.db.transaction(async (tx) => {
    const invitation = await tx.invitation.findUnique({ where: { id: invitationId } });
    if (!invitation || invitation.tenantRef !== person.tenantRef) {
      throw new CoordinatorError('NOT_FOUND', 'There is no such invitation for this tenant.');
    }
    const now = await databaseNow(tx);
    const { count } = await tx.invitation.updateMany({
      where: { id: invitationId, confirmedAt: null },
      data: { confirmedAt: now },
    });
    if (count === 0)
      throw new CoordinatorError(
        'CONFLICT',
        'This invitation is already confirmed; its join string was shown once. Ask for a new invitation.',
      );
    const expiresAt = new Date(now.getTime() + joinStringMs);
    const tickets = [invitation.operatorTicket, ticket];
    await tx.joinToken.create({
      data: { hash: Uint8Array.from(join.tokenHash), tenantRef: invitation.tenantRef, tickets, expiresAt },
    });
    await deps.log.appendLeaf(tx, {
      type: 'enrol.token_issued',
      actor: personActor(person),
      tenantRef: invitation.tenantRef,
      tokenHash: `sha256:${join.tokenHash.toString('hex')}`,
      expiresAt: expiresAt.toISOString(),
      tickets: tickets.map((id) => ({ system: 'platform', id })) as never,
    });
    return { joinString: join.text, expiresAt };
  });
}

/** Stopping acts at once: the next request, open sockets and the open phase all see the row. */
export async function revokeConnector(
  deps: Deps,
  person: Person,
  tenantRef: string,
  o: { ticket: string; reason: string },
): Promise<void> {
  if (person.tenantRef !== 'platform' && person.tenantRef !== tenantRef) {
    throw new CoordinatorError('NOT_FOUND', 'There is no such tenant.');
  }
  await deps.db.transaction(async (tx) => {
    const tenant = await requireTenant(tx, tenantRef);
    await lockTenant(tx, tenant.ref);
    // An unspent join string would only fetch a fresh certificate.
    const usedAt = await databaseNow(tx);
    await tx.joinToken.updateMany({ where: { tenantRef: tenant.ref, usedAt: null }, data: { usedAt } });
    const certificates = await tx.certificate.findMany({ where: { connector: { tenantRef: tenant.ref } } });
    for (const { serial } of certificates) {
      const { count } = await tx.revocation.createMany({
        data: [{ id: randomUUID(), scope: 'serial', target: serial, reason: o.reason, ticket: o.ticket }],
        skipDuplicates: true,
      });
      if (count === 0) continue;
      await deps.log.appendLeaf(tx, {
        type: 'connector.revoked',
        actor: personActor(person),
        scope: 'serial',
        target: serial,
        reasonCode: o.reason,
        ticket: { system: 'platform', id: o.ticket },
      });
    }
    await notify(tx, 'sumveil_revocation', tenant.ref);
  });
}
