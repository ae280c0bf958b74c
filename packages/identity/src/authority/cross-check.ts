import { X509Certificate } from 'node:crypto';
import { IdentityError } from '../error.ts';
import { spkiDer } from '../keys.ts';
import type { CertificateOrder, ServerLeafOrder } from './order.ts';

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const SIGNATURES = ['ecdsa-with-SHA256', 'sha256WithRSAEncryption'];

/**
 * Reads the finished leaf with OpenSSL and compares it with the order (governance section 1, rule 7), so a fault in the
 * library that wrote it, or a request that steered it, does not leave the CA.
 *
 * @throws IdentityError `CROSS_CHECK` that names the first field that differs
 */
export function crossCheckLeaf(pem: string, order: CertificateOrder, issuing: X509Certificate): X509Certificate {
  const leaf = read(pem);
  const checks: [field: string, holds: boolean][] = [
    ['CA flag', leaf.ca === false],
    ['subject', leaf.subject === undefined || leaf.subject === ''],
    ['subjectAltName', namesMatch(leaf, order)],
    ['extended key usage', usageMatches(leaf, order)],
    ['serial', /^[4-7][0-9A-F]{31}$/.test(leaf.serialNumber) && leaf.serialNumber === order.serial],
    ['issuer', leaf.checkIssued(issuing)],
    ['signature', leaf.verify(issuing.publicKey)],
    ['public key', spkiDer(leaf).equals(order.spki)],
    ['notBefore', leaf.validFromDate.getTime() === order.notBefore.getTime()],
    ['notAfter', leaf.validToDate.getTime() === order.notAfter.getTime()],
    ['life within the issuing CA', leaf.validToDate <= issuing.validToDate],
    ['signature algorithm', SIGNATURES.includes(leaf.signatureAlgorithm ?? '')],
  ];
  for (const [field, holds] of checks) {
    if (!holds) throw new IdentityError('CROSS_CHECK', `issued certificate differs from its order: ${field}`);
  }
  return leaf;
}

function read(pem: string): X509Certificate {
  const blocks = pem.match(/-----BEGIN /g)?.length ?? 0;
  try {
    if (blocks === 1) return new X509Certificate(pem);
  } catch {
    // falls through to the one refusal
  }
  throw new IdentityError('CROSS_CHECK', 'issuer did not give exactly one certificate');
}

function usageMatches(leaf: X509Certificate, order: CertificateOrder): boolean {
  const wanted = order.kind === 'connector' ? CLIENT_AUTH : SERVER_AUTH;
  return leaf.keyUsage?.length === 1 && leaf.keyUsage[0] === wanted;
}

function namesMatch(leaf: X509Certificate, order: CertificateOrder): boolean {
  if (order.kind === 'connector') return leaf.subjectAltName === `URI:${order.name}`;
  return serverNamesMatch(leaf, order);
}

/** OpenSSL spells an IPv6 address its own way, so addresses are asked for and counted instead of compared. */
function serverNamesMatch(leaf: X509Certificate, order: ServerLeafOrder): boolean {
  const entries = (leaf.subjectAltName ?? '').split(', ');
  const dns = entries.filter((entry) => entry.startsWith('DNS:')).map((entry) => entry.slice(4));
  const addresses = entries.filter((entry) => entry.startsWith('IP Address:'));
  return (
    entries.length === dns.length + addresses.length &&
    dns.length === order.dnsNames.length &&
    dns.every((name, index) => name === order.dnsNames[index]) &&
    addresses.length === order.ipAddresses.length &&
    order.ipAddresses.every((address) => leaf.checkIP(address) !== undefined)
  );
}
