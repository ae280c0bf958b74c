import { databaseNow, type Tx } from '../../db/client.ts';
import { CoordinatorError } from '../../error.ts';
import type { Tenant } from '../../generated/prisma/client.ts';

export interface TenantView {
  tenantRef: string;
  idx: number;
  name: string;
  region: string;
  status: 'active' | 'suspended';
  connector: 'none' | 'enrolled' | 'present' | 'absent' | 'revoked';
}

/** Roster indices only grow and are never reused. */
export async function insertTenant(tx: Tx, o: { ref: string; name: string; region: string }): Promise<Tenant> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('tenant.idx'))`;
  if (await tx.tenant.findUnique({ where: { name: o.name } })) {
    throw new CoordinatorError('CONFLICT', 'A tenant of this name exists already; choose another name.');
  }
  const last = await tx.tenant.aggregate({ _max: { idx: true } });
  return tx.tenant.create({ data: { ...o, idx: (last._max.idx ?? 0) + 1 } });
}

export async function requireTenant(tx: Tx, tenantRef: string): Promise<Tenant> {
  const tenant = await tx.tenant.findUnique({ where: { ref: tenantRef } });
  if (!tenant) throw new CoordinatorError('NOT_FOUND', 'There is no such tenant.');
  return tenant;
}

export async function tenantViews(
  tx: Tx,
  o: { only: string | undefined; absentAfterMs: number },
): Promise<TenantView[]> {
  const where = o.only ? { ref: o.only } : {};
  const tenants = await tx.tenant.findMany({ where, orderBy: { idx: 'asc' } });
  const connectors = await tx.connector.findMany({ include: { certificates: true } });
  const presence = new Map((await tx.presence.findMany()).map((row) => [row.tenantRef, row.seenAt.getTime()]));
  const revoked = new Set((await tx.revocation.findMany({ where: { scope: 'serial' } })).map((row) => row.target));
  const now = (await databaseNow(tx)).getTime();
  return tenants.map((tenant) => {
    const own = connectors.filter(({ tenantRef, certificates }) => tenantRef === tenant.ref && certificates.length > 0);
    const seenAt = presence.get(tenant.ref);
    let connector: TenantView['connector'] = 'none';
    if (own.length > 0)
      connector = seenAt === undefined ? 'enrolled' : now - seenAt > o.absentAfterMs ? 'absent' : 'present';
    // A revoked serial takes its name out, with what replaced it and what it replaced.
    const isOut = (one: (typeof own)[number]) => one.certificates.some(({ serial }) => revoked.has(serial));
    if (own.length > 0 && own.every(isOut)) connector = 'revoked';
    const { ref: tenantRef, idx, name, region } = tenant;
    return { tenantRef, idx, name, region, status: tenant.status as TenantView['status'], connector };
  });
}
