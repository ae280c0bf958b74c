import { defaultWitnessQuorum, encodeRoster, parseRoster } from '@sumveil/secagg';
import { toBase64url } from '@sumveil/wire';
import type { Tx } from '../../db/client.ts';
import { CoordinatorError } from '../../error.ts';
import type { SignerPublic } from '../../signing/signer-public.ts';

/** Tolerated share of colluding members (secure-aggregation section 2). */
const fraction = { cNum: 1, cDen: 3 };

export interface DraftOptions {
  readonly minCohort: number;
  readonly suites: readonly (1 | 2)[];
  readonly rosterId: string;
  readonly logOrigin: string;
  readonly keys: SignerPublic;
}

/**
 * Body of the next epoch from the keys that are enrolled: one row for each active tenant, with its newest connector.
 *
 * @throws CoordinatorError CONFLICT when too few tenants have enrolled
 */
export async function draftRoster(tx: Tx, o: DraftOptions): Promise<Buffer> {
  const tenants = await tx.tenant.findMany({ where: { status: 'active' }, orderBy: { idx: 'asc' } });
  const connectors = await tx.connector.findMany({ where: { certificates: { some: {} } }, orderBy: { n: 'asc' } });
  const newest = new Map(connectors.map((connector) => [connector.tenantRef, connector]));
  const members = tenants.flatMap(({ idx, ref }) => {
    const connector = newest.get(ref);
    return connector
      ? [
          {
            idx,
            tenantRef: ref,
            rosterKey: toBase64url(connector.rosterKey),
            witnessKey: toBase64url(connector.witnessKey),
          },
        ]
      : [];
  });
  if (members.length < o.minCohort) {
    throw new CoordinatorError(
      'CONFLICT',
      `Only ${members.length} tenants have enrolled, the roster needs at least ${o.minCohort}: wait for the others.`,
    );
  }
  const last = await tx.roster.findFirst({ orderBy: { epoch: 'desc' } });
  const previous = last ? parseRoster(last.body) : undefined;
  return encodeRoster({
    type: 'roster',
    v: 1,
    rosterId: o.rosterId,
    epoch: (previous?.epoch ?? 0) + 1,
    prevRoster: toBase64url(last?.hash ?? new Uint8Array(32)),
    members,
    coordinatorKey: o.keys.coordinatorKey,
    grantKey: o.keys.grantKey,
    reportKey: o.keys.reportKey,
    logOrigin: o.logOrigin,
    logKey: o.keys.logKey,
    rootSpki: [o.keys.rootSpki],
    witnessQuorum: defaultWitnessQuorum(members.length, fraction.cNum, fraction.cDen),
    ...fraction,
    minCohort: o.minCohort,
    suites: [...o.suites],
    modes: ['complete'],
  });
}
