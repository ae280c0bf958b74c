import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { addAbortSignal } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { IdentityError } from '../error.ts';
import { assertPinned } from './client.ts';

const MAX_CHAIN = 6;

export interface PinnedPeer {
  readonly host: string;
  readonly port: number;
  readonly servername?: string;
  /** base64url SHA-256 of the SPKI of each acceptable root. */
  readonly rootSpki: readonly string[];
  /** Default 10 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Asks the enrolment listener for its chain and gives back the root on top when its key is pinned (governance section 1,
 * rule 3). No application byte is sent here. This proves nothing about the peer yet: everybody can show a root. The
 * caller opens its real connection with {@link clientTls} and this root as the only `ca`, and OpenSSL verifies chain, name
 * and possession of the key before the token leaves.
 *
 * @returns PEM of the root
 * @throws IdentityError `PIN`
 */
export async function fetchPinnedRoot(peer: PinnedPeer): Promise<string> {
  const chain = await presentedChain(peer);
  const top = chain.at(-1);
  if (!top) throw new IdentityError('PIN', 'the coordinator shows no certificate');
  if (!joins(chain)) throw new IdentityError('PIN', 'the certificates that the coordinator shows do not form a chain');
  assertPinned(top, peer.rootSpki);
  return top.toString();
}

function presentedChain(peer: PinnedPeer): Promise<X509Certificate[]> {
  const { host, port, servername, timeoutMs = 10_000 } = peer;
  const name = servername ?? (isIP(host) ? undefined : host);
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      ...(name !== undefined && { servername: name }),
      minVersion: 'TLSv1.3',
      // Nothing is trusted or sent on this connection; see above.
      rejectUnauthorized: false,
    });
    if (peer.signal) addAbortSignal(peer.signal, socket);
    const timer = setTimeout(() => socket.destroy(new Error('no answer in time')), timeoutMs);
    const fail = (why: string) =>
      reject(new IdentityError('PIN', `no TLS 1.3 connection to the coordinator (${why}); check address and network`));
    socket.once('secureConnect', () => {
      resolve(chainOf(socket));
      socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    socket.once('close', () => {
      clearTimeout(timer);
      // Without effect when there is an answer already.
      fail('closed by the peer');
    });
  });
}

function joins(chain: readonly X509Certificate[]): boolean {
  return chain
    .slice(1)
    .every((above, index) => chain[index]!.checkIssued(above) && chain[index]!.verify(above.publicKey));
}

function chainOf(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next = socket.getPeerX509Certificate();
  while (next && chain.length < MAX_CHAIN && next.fingerprint256 !== chain.at(-1)?.fingerprint256) {
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
}
