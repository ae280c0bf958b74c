import type { TLSSocket } from 'node:tls';
import { connectorOfSocket } from '@sumveil/identity';
import type { Deps } from '../deps.ts';
import { CoordinatorError } from '../error.ts';
import type { RouteBinding } from './bind.ts';
import type { ConnectorPeer } from './identity.ts';
import { mountRoutes } from './mount.ts';
import { startPresence } from './presence.ts';
import { type App, createServer } from './server.ts';

/** Older connections are closed after their answer, so that none outlives a change of keys for long. */
const MAX_CONNECTION_MS = 600_000;

export interface Revocations {
  check(peer: ConnectorPeer): Promise<'ok' | 'revoked' | 'unknown'>;
  /** `evict` destroys every socket of a name and says how many there were. */
  start(evict: (name: string) => number): Promise<() => void>;
}

interface Peer extends ConnectorPeer {
  readonly validTo: Date;
  readonly since: number;
}

/** Mutual TLS 1.3; who asks is the one SAN of the certificate (governance.md section 1, rules 2, 10 and 11). */
export async function connectorListener(
  deps: Deps,
  options: { tls: object; bindings: readonly RouteBinding[]; revocations: Revocations },
): Promise<App> {
  const app = createServer({ listener: 'connector', logger: deps.logger, tls: options.tls });
  const sockets = new Map<string, Set<TLSSocket>>();
  const peers = new WeakMap<TLSSocket, Peer>();

  app.server.on('secureConnection', (socket: TLSSocket) => {
    const peer = peerOf(socket, deps);
    if (peer === undefined) {
      socket.destroy();
      return;
    }
    peers.set(socket, peer);
    const mine = sockets.get(peer.name) ?? new Set();
    sockets.set(peer.name, mine.add(socket));
    socket.on('close', () => {
      mine.delete(socket);
      if (mine.size === 0 && sockets.get(peer.name) === mine) sockets.delete(peer.name);
    });
    options.revocations.check(peer).then(
      (state) => {
        if (state === 'revoked') socket.destroy();
      },
      () => {},
    );
  });
  const evict = (name: string) => {
    const mine = [...(sockets.get(name) ?? [])];
    for (const socket of mine) socket.destroy();
    return mine.length;
  };
  const presence = startPresence(deps.db, deps.logger, deps.timings.presence);
  const stopRevocations = await options.revocations.start(evict);
  app.addHook('onClose', async () => {
    presence.stop();
    stopRevocations();
  });

  mountRoutes(app, options.bindings, {
    longPollMs: deps.timings.longPoll,
    stopping: deps.stopping,
    identify: async (request) => {
      const peer = peers.get(request.raw.socket as TLSSocket);
      // A certificate that expires stays served on its open socket otherwise (tried).
      if (peer === undefined || peer.validTo.getTime() <= deps.clock.now()) {
        throw new CoordinatorError(
          'UNAUTHENTICATED',
          'The certificate is not one of this coordinator’s, or has expired; renew it.',
        );
      }
      const state = await options.revocations.check(peer);
      if (state === 'revoked') {
        request.raw.socket.destroy();
        throw new CoordinatorError(
          'UNAUTHENTICATED',
          'The certificate was revoked; ask the platform operator for a new join string.',
        );
      }
      if (state === 'unknown') {
        const detail =
          'Whether this certificate is still good cannot be read at the moment; nobody is let in meanwhile.';
        throw new CoordinatorError('UNAVAILABLE', detail, { retryAfterSeconds: 2 });
      }
      const { name, tenantRef, serial } = peer;
      const left = presence.arrived(tenantRef);
      request.raw.once('close', left);
      return { connector: { name, tenantRef, serial } };
    },
  });
  app.addHook('onSend', async (request, reply) => {
    const peer = peers.get(request.raw.socket as TLSSocket);
    if (peer !== undefined && deps.clock.now() - peer.since > MAX_CONNECTION_MS) reply.header('connection', 'close');
  });
  return app;
}

function peerOf(socket: TLSSocket, deps: Deps): Peer | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (!socket.authorized || certificate === undefined) return undefined;
  try {
    const { uri, tenantRef } = connectorOfSocket(socket, deps.config.trustDomain);
    const validTo = certificate.validToDate;
    return { name: uri, tenantRef, serial: certificate.serialNumber.toUpperCase(), validTo, since: deps.clock.now() };
  } catch {
    return undefined;
  }
}
