import { constants, type KeyObject } from 'node:crypto';
import type { TlsOptions } from 'node:tls';

/** Certificate and key of a listener of the coordinator. */
export interface ListenerKey {
  /** PEM, leaf first, then the issuing CA. */
  readonly chainPem: string;
  readonly key: KeyObject;
}

/**
 * Listener for connectors (governance section 1, rule 11): TLS 1.3, a client certificate under one of the roots, no
 * resumption. `ca` holds roots only, so a peer has to show its issuing CA and an intermediate alone opens nothing; tickets
 * are off because a resumed session is not verified again and would outlive a revocation.
 */
export function connectorListenerTls(listener: ListenerKey & { rootsPem: readonly string[] }): TlsOptions {
  return { ...serverTls(listener), ca: [...listener.rootsPem], requestCert: true, rejectUnauthorized: true };
}

/** Listener for enrolment: no client certificate; sends its root as well, so that a joiner can compare it with its pin. */
export function enrolmentListenerTls(listener: ListenerKey & { rootPem: string }): TlsOptions {
  return serverTls({ key: listener.key, chainPem: `${listener.chainPem.trim()}\n${listener.rootPem.trim()}\n` });
}

/** TLS 1.3 without client certificate (management). Swapping files needs the whole object: options are replaced, not merged. */
export function serverTls(listener: ListenerKey): TlsOptions {
  return {
    cert: listener.chainPem,
    key: listener.key.export({ type: 'pkcs8', format: 'pem' }),
    minVersion: 'TLSv1.3',
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}
