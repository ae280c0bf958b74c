import { type KeyObject, X509Certificate } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import { IdentityError } from '../error.ts';
import { spkiPin } from '../keys.ts';

/** How a connector or a person's tool opens a connection. */
export interface ClientTls {
  /** Certificates that may stand on top of the server's chain. */
  readonly rootsPem: readonly string[];
  /** Their pins: the join string's root before the first roster, afterwards the roster's `rootSpki` and nothing else. */
  readonly rootSpki: readonly string[];
  /** Leaf and issuing CA with its key, for the connector listener. */
  readonly chainPem?: string;
  readonly key?: KeyObject;
  /** DNS name to ask for and compare, when it is not the host connected to. */
  readonly servername?: string;
}

/**
 * Options for `tls.connect`, `https.Agent` or an undici `connect`. The system's own list of CAs plays no part.
 *
 * @throws IdentityError `PIN` for a root that is not pinned, or for none at all
 */
export function clientTls(client: ClientTls): ConnectionOptions {
  if (client.rootsPem.length === 0)
    throw new IdentityError('PIN', 'no root certificate to verify the coordinator with');
  for (const pem of client.rootsPem) assertPinned(new X509Certificate(pem), client.rootSpki);
  return {
    ca: [...client.rootsPem],
    minVersion: 'TLSv1.3',
    rejectUnauthorized: true,
    ...(client.chainPem !== undefined && { cert: client.chainPem }),
    ...(client.key && { key: client.key.export({ type: 'pkcs8', format: 'pem' }) }),
    ...(client.servername !== undefined && { servername: client.servername }),
  };
}

/** @throws IdentityError `PIN` unless this is a valid self-signed CA whose key is pinned */
export function assertPinned(root: X509Certificate, rootSpki: readonly string[], now = new Date()): void {
  if (!rootSpki.includes(spkiPin(root))) {
    throw new IdentityError('PIN', 'the coordinator shows a root that is not the pinned one; nothing was sent to it');
  }
  const selfSigned = root.ca && root.checkIssued(root) && root.verify(root.publicKey);
  if (!selfSigned) throw new IdentityError('PIN', 'the pinned key is not that of a self-signed CA');
  if (now < root.validFromDate || now > root.validToDate) {
    throw new IdentityError('PIN', 'the pinned root is not valid at this time; check the clock');
  }
}
