import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { IdentityError } from './error.ts';
import { isRef } from './ref.ts';

/** Who a connector is (governance section 1, rule 2). */
export interface ConnectorName {
  readonly uri: string;
  readonly trustDomain: string;
  readonly tenantRef: string;
  /** 1 to 999999; a tenant's second connector keeps the first one's tenantRef. */
  readonly connector: number;
}

const TRUST_DOMAIN = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const NAME = /^spiffe:\/\/([a-z0-9.-]{1,253})\/tenant\/([a-z2-7]{16})\/connector\/([1-9][0-9]{0,5})$/;

/** `spiffe://<trust-domain>/tenant/<tenantRef>/connector/<n>`. @throws IdentityError `NAME` */
export function spiffeName(trustDomain: string, tenantRef: string, n: number): string {
  if (!TRUST_DOMAIN.test(trustDomain)) throw new IdentityError('NAME', 'trust domain is not a lower-case DNS name');
  if (!isRef(tenantRef)) throw new IdentityError('NAME', 'tenantRef is not 16 characters of a-z2-7');
  if (!Number.isInteger(n) || n < 1 || n > 999_999)
    throw new IdentityError('NAME', 'connector number not in 1..999999');
  return `spiffe://${trustDomain}/tenant/${tenantRef}/connector/${n}`;
}

/** @throws IdentityError `NAME` unless the text is exactly a name of this trust domain */
export function parseSpiffeName(uri: string, trustDomain: string): ConnectorName {
  const match = NAME.exec(uri);
  if (!match || match[1] !== trustDomain) {
    throw new IdentityError('NAME', 'not the name of a connector of this trust domain');
  }
  return { uri, trustDomain, tenantRef: match[2]!, connector: Number(match[3]) };
}

/** True for a connector name of whatever trust domain. */
export function isSpiffeName(uri: string): boolean {
  return NAME.test(uri);
}

/**
 * The name is the whole subjectAltName: a second entry, another type or a quoted value is no name. Subject and headers
 * are the peer's words and are not looked at.
 *
 * @throws IdentityError `NAME`
 */
export function connectorOfCertificate(certificate: X509Certificate, trustDomain: string): ConnectorName {
  const names = certificate.subjectAltName ?? '';
  if (!names.startsWith('URI:')) throw new IdentityError('NAME', 'certificate does not name a connector');
  return parseSpiffeName(names.slice(4), trustDomain);
}

/** @param socket server side of a handshake that verified the peer. @throws IdentityError `NAME` */
export function connectorOfSocket(socket: TLSSocket, trustDomain: string): ConnectorName {
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
  if (!certificate) throw new IdentityError('NAME', 'peer has shown no verified certificate');
  return connectorOfCertificate(certificate, trustDomain);
}
