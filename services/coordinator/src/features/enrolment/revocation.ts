import { writtenDigest } from '@sumveil/wire';
import type { Deps } from '../../deps.ts';
import type { ConnectorPeer } from '../../http/identity.ts';

export interface RevocationCheck {
  check(peer: ConnectorPeer): Promise<'ok' | 'revoked' | 'unknown'>;
  start(evict: (name: string) => number): Promise<() => void>;
}

interface Known {
  readonly readAt: number;
  readonly serials: ReadonlySet<string>;
  readonly names: ReadonlyMap<string, string[]>;
  /** Tenants that are suspended or revoked as a whole. */
  readonly suspended: ReadonlySet<string>;
}

/**
 * Revocation within 5 s, open sockets included (governance section 1, rule 10): rows are read again on NOTIFY and every
 * `revocationPoll`; a hit destroys every socket of that name; without a good read for `revocationStale` the answer is `unknown`, that is 503.
 */
export function revocationCheck(deps: Pick<Deps, 'db' | 'notify' | 'clock' | 'logger' | 'timings'>): RevocationCheck {
  const { revocationPoll: freshMs, revocationStale: staleMs } = deps.timings;
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
        const { serials, names, suspended } = await refresh();
        for (const [name, issued] of names) {
          const gone =
            issued.every((serial) => serials.has(serial)) ||
            [...suspended].some((ref) => name.includes(`/tenant/${ref}/`));
          if (!gone) continue;
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
    tx.revocation.findMany({ select: { scope: true, target: true } }),
    tx.certificate.findMany({ select: { serial: true, spkiHash: true, connectorName: true } }),
    tx.tenant.findMany({ where: { status: 'suspended' }, select: { ref: true } }),
  ]);
  const targets = (scope: string) => revoked.filter((row) => row.scope === scope).map(({ target }) => target);
  const keys = new Set(targets('spki'));
  const names = new Map<string, string[]>();
  const serials = new Set(targets('serial'));
  for (const { serial, spkiHash, connectorName } of certificates) {
    names.set(connectorName, [...(names.get(connectorName) ?? []), serial]);
    if (keys.has(writtenDigest(spkiHash))) serials.add(serial);
  }
  return { readAt, serials, names, suspended: new Set([...targets('tenant'), ...tenants.map((row) => row.ref)]) };
}
