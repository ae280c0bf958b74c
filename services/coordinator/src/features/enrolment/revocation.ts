import type { Deps } from '../../deps.ts';
import type { ConnectorPeer, PeerState } from '../../http/identity.ts';

export interface RevocationCheck {
  check(peer: ConnectorPeer): Promise<PeerState>;
  /** `evict` destroys the sockets of every peer for which the function holds, and says how many there were. */
  start(evict: (isOut: (peer: ConnectorPeer) => boolean) => number): Promise<() => void>;
}

interface Known {
  readonly readAt: number;
  /** Live certificates by serial: not replaced, or replaced by the newest one of its name. */
  readonly live: ReadonlySet<string>;
  /** Serials that are out by themselves: they or their key were revoked, or a second renewal has passed over them. */
  readonly out: ReadonlySet<string>;
  /** Names of which a serial was revoked: with it goes whatever replaced it. */
  readonly names: ReadonlySet<string>;
  /** Tenants that are suspended or revoked as a whole. */
  readonly tenants: ReadonlySet<string>;
}

/**
 * Revocation within 5 s, open sockets included (governance section 1, rule 10): rows are read again on NOTIFY and at each
 * poll; a hit destroys every socket of that name; without a good read for 5 s the answer is `unknown`, that is 503. A name
 * has at most two live serials (rule 9): the newest one, and the one it replaced, for as long as that would have lived.
 */
export function revocationCheck(deps: Pick<Deps, 'db' | 'notify' | 'clock' | 'logger' | 'timings'>): RevocationCheck {
  const { revocationPoll, revocationStale } = deps.timings;
  let known: Known | undefined;
  const refresh = async () => {
    known = await read(deps);
    return known;
  };
  return {
    async check(peer) {
      const now = deps.clock.now();
      if (!known || now - known.readAt > revocationPoll) await refresh().catch(() => undefined);
      if (!known || now - known.readAt > revocationStale) return 'unknown';
      if (isOut(known, peer) || known.live.has(peer.serial)) return stateOf(known, peer);
      // Issued a moment ago, perhaps by another replica: what cannot be read now says nothing against it.
      return refresh().then(
        (current) => stateOf(current, peer),
        () => 'unknown',
      );
    },
    async start(evict) {
      const sweep = async () => {
        const current = await refresh();
        const sockets = evict((peer) => isOut(current, peer));
        if (sockets > 0) deps.logger.event('revocation.applied', { kind: 'serial', sockets });
      };
      const run = () => void sweep().catch(() => deps.logger.event('database.error', { code: 'REVOCATION_READ' }));
      run();
      const timer = setInterval(run, revocationPoll);
      const off = deps.notify.on('sumveil_revocation', run);
      return () => {
        clearInterval(timer);
        off();
      };
    },
  };
}

function stateOf(known: Known, peer: ConnectorPeer): PeerState {
  if (isOut(known, peer)) return 'revoked';
  return known.live.has(peer.serial) ? 'ok' : 'stranger';
}

function isOut({ out, names, tenants }: Known, { serial, name, tenantRef }: ConnectorPeer): boolean {
  return out.has(serial) || names.has(name) || tenants.has(tenantRef);
}

interface Row {
  serial: string;
  spki: string;
  current: boolean;
}

async function read(deps: Pick<Deps, 'db' | 'clock'>): Promise<Known> {
  const readAt = deps.clock.now();
  const tx = deps.db.prisma;
  const [revoked, certificates, names, tenants] = await Promise.all([
    tx.revocation.findMany({
      select: { scope: true, target: true },
      where: { scope: { in: ['spki', 'tenant', 'serial'] } },
    }),
    // Expired ones are let in by nobody; the day is for clocks.
    tx.$queryRaw<Row[]>`
      SELECT c.serial, 'sha256:' || encode(c.spki_hash, 'hex') AS spki,
             (c.replaced_by IS NULL OR n.replaced_by IS NULL) AS current
      FROM certificate c LEFT JOIN certificate n ON n.serial = c.replaced_by
      WHERE c.not_after > now() - interval '1 day'`,
    tx.$queryRaw<{ name: string }[]>`
      SELECT DISTINCT c.connector_name AS name FROM revocation r
      JOIN certificate c ON c.serial = r.target WHERE r.scope = 'serial'`,
    tx.tenant.findMany({ where: { status: 'suspended' }, select: { ref: true } }),
  ]);
  const targets = (scope: string) => revoked.filter((row) => row.scope === scope).map(({ target }) => target);
  const keys = new Set(targets('spki'));
  const isLive = ({ spki, current }: Row) => current && !keys.has(spki);
  const [live, out] = [certificates.filter(isLive), certificates.filter((row) => !isLive(row))];
  return {
    readAt,
    live: new Set(live.map(({ serial }) => serial)),
    out: new Set([...targets('serial'), ...out.map(({ serial }) => serial)]),
    names: new Set(names.map(({ name }) => name)),
    tenants: new Set([...targets('tenant'), ...tenants.map((row) => row.ref)]),
  };
}
