import type { TLSSocket } from 'node:tls';
import rateLimit from '@fastify/rate-limit';
import { connectorOfSocket } from '@sumveil/identity';
import { routes } from '@sumveil/wire';
import type { FastifyRequest } from 'fastify';
import type { Deps } from '../deps.ts';
import { CoordinatorError } from '../error.ts';
import type { RouteBinding } from './bind.ts';
import type { ConnectorPeer, PeerState } from './identity.ts';
import { mountRoutes } from './mount.ts';
import { startPresence } from './presence.ts';
import { type App, createServer } from './server.ts';

const MINUTE = 60_000;
/** Renewals a minute and connector, refused ones included: each of those is a leaf. */
const RENEWALS = 10;

export interface Revocations {
  check(peer: ConnectorPeer): Promise<PeerState>;
  /** `evict` destroys the sockets of every peer for which the function holds, and says how many there were. */
  start(evict: (isOut: (peer: ConnectorPeer) => boolean) => number): Promise<() => void>;
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
  const app = createServer({ listener: 'connector', logger: deps.logger, timings: deps.timings, tls: options.tls });
  const peers = new Map<TLSSocket, Peer>();
  /** Connections that are closed after their answer. */
  const strangers = new WeakSet<object>();

  app.server.on('secureConnection', (socket: TLSSocket) => {
    const peer = peerOf(socket, deps);
    if (peer === undefined) {
      socket.destroy();
      return;
    }
    peers.set(socket, peer);
    socket.on('close', () => peers.delete(socket));
    options.revocations.check(peer).then(
      (state) => {
        if (state === 'revoked') socket.destroy();
      },
      () => {},
    );
  });
  const evict = (isOut: (peer: ConnectorPeer) => boolean) => {
    const out = [...peers].filter(([, peer]) => isOut(peer));
    for (const [socket] of out) socket.destroy();
    return out.length;
  };
  const presence = startPresence(deps.db, deps.logger, deps.timings.presence);
  const stopRevocations = await options.revocations.start(evict);
  // Before the last connection is gone: who no longer takes requests must not count as listening, or tenants would be absent.
  app.addHook('preClose', async () => presence.stop());
  app.addHook('onClose', async () => stopRevocations());

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
      if (state === 'stranger') {
        // Said in an answer, so that a connector whose newest certificate a restored backup does not hold shows the one before.
        strangers.add(request.raw.socket);
        throw new CoordinatorError(
          'UNAUTHENTICATED',
          'This coordinator has no record of the certificate; show the one before it, or enrol with a new join string.',
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
  await limitRenewals(app, (request) => peers.get(request.raw.socket as TLSSocket)?.name ?? request.ip);
  // An old connection is closed after its answer, so that none outlives a change of keys for long.
  app.addHook('onSend', async (request, reply) => {
    const peer = peers.get(request.raw.socket as TLSSocket);
    const isOld = peer !== undefined && deps.clock.now() - peer.since > deps.timings.connectionAge;
    if (isOld || strangers.has(request.raw.socket)) reply.header('connection', 'close');
  });
  return app;
}

async function limitRenewals(app: App, who: (request: FastifyRequest) => string): Promise<void> {
  await app.register(rateLimit, { global: false });
  const perName = app.createRateLimit({ max: RENEWALS, timeWindow: MINUTE, keyGenerator: who });
  app.addHook('preHandler', async (request) => {
    if (request.routeOptions.url !== routes.renew.path) return;
    const limit = await perName(request);
    if (limit.isAllowed || !limit.isExceeded) return;
    const text = 'Too many attempts to renew; wait, then try once.';
    throw new CoordinatorError('RATE_LIMITED', text, { retryAfterSeconds: limit.ttl / 1_000 });
  });
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
