import type { Deps } from '../../deps.ts';
import type { ConnectorPeer } from '../../http/identity.ts';

export interface RevocationCheck {
  check(peer: ConnectorPeer): Promise<'ok' | 'revoked' | 'unknown'>;
  start(evict: (name: string) => number): Promise<() => void>;
}

/** How long a good read of the rows may be used. */
const freshMs = 2_000;
/** Without a good read for this long, nobody is answered. */
const staleMs = 5_000;

interface Known {
  readonly readAt: number;
  readonly serials: ReadonlySet<string>;
  readonly names: ReadonlyMap<string, string[]>;
  readonly suspended: ReadonlySet<string>;
}

/**
 * Revocation within 5 s, open sockets included (governance section 1, rule 10): rows are read again on NOTIFY and every
 * 2 s; a hit destroys every socket of that name; without a good read for 5 s the answer is `unknown`, that is 503.
 */
export function revocationCheck(deps: Pick<Deps, 'db' | 'notify' | 'clock' | 'logger'>): RevocationCheck {
  let known: Known | undefined;
  const refresh = async () => {
    known = await read(deps);
    return known;
  };
  return {
    async check({ serial, tenantRef, name }) {
      const now = deps.clock.now();
      if (!known || now - known.readAt > freshMs) await refresh().catch(() => undefined);
      if (!known || now - known.readAt > staleMs) return 'unknown';
      const isIssued = () => known?.names.get(name)?.includes(serial) ?? false;
      if (!isIssued()) await refresh().catch(() => undefined); // enrolled a moment ago, perhaps by another replica
      return isIssued() && !known.serials.has(serial) && !known.suspended.has(tenantRef) ? 'ok' : 'revoked';
    },
    async start(evict) {
      const sweep = async () => {
        const { serials, names } = await refresh();
        for (const [name, issued] of names) {
          if (!issued.every((serial) => serials.has(serial))) continue;
          const sockets = evict(name);
          if (sockets > 0) deps.logger.event('revocation.applied', { kind: 'serial', sockets });
        }
      };
      const run = () => void sweep().catch(() => deps.logger.event('database.error', { code: 'REVOCATION_READ' }));
      run();
      const timer = setInterval(run, freshMs);
      const off = deps.notify.on('sumveil_revocation', run);
      return () => {
        clearInterval(timer);
        off();
      };
    },
  };
}

async function read(deps: Pick<Deps, 'db' | 'clock'>): Promise<Known> {
  const readAt = deps.clock.now();
  const tx = deps.db.prisma;
  const [revoked, certificates, tenants] = await Promise.all([
    tx.revocation.findMany({ where: { scope: 'serial' }, select: { target: true } }),
    tx.certificate.findMany({ select: { serial: true, connectorName: true } }),
    tx.tenant.findMany({ where: { status: 'suspended' }, select: { ref: true } }),
  ]);
  const names = new Map<string, string[]>();
  for (const { serial, connectorName } of certificates)
    names.set(connectorName, [...(names.get(connectorName) ?? []), serial]);
  return {
    readAt,
    serials: new Set(revoked.map((row) => row.target)),
    names,
    suspended: new Set(tenants.map((row) => row.ref)),
  };
}
