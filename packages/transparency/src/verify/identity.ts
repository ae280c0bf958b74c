import { X509Certificate } from 'node:crypto';
import { digestOf, fromBase64url, sha256 } from '@sumveil/wire';
import { CERTIFICATES_FILE } from '../bundle/layout.ts';
import { type Entry, type Evidence, leavesOf, rosterWithHash } from './evidence.ts';
import { grantFacts } from './grant-links.ts';
import type { Replay } from './replay.ts';
import { attempt, fail, must } from './result.ts';
import { sameAttempt } from './round-facts.ts';

const MAX_CERTIFICATES = 10_000;

/** Class 22: each accepted update came over a certificate of that tenant, under a root of the roster, in force then. */
export function checkIdentity(evidence: Evidence, replay: Replay): string {
  const updates = leavesOf(evidence, 'update.accepted');
  const certificates = readCertificates(evidence);
  for (const update of updates) checkUpdate(evidence, update, certificates, replay);
  return `${updates.length} updates over ${new Set(updates.map((u) => u.leaf.serial)).size} certificates in force`;
}

function readCertificates(evidence: Evidence): X509Certificate[] {
  const text = Buffer.from(evidence.files.get(CERTIFICATES_FILE) ?? '').toString('latin1');
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [];
  must(blocks.length <= MAX_CERTIFICATES, `${CERTIFICATES_FILE} holds more than ${MAX_CERTIFICATES} certificates`);
  return blocks.map((pem) => attempt(CERTIFICATES_FILE, () => new X509Certificate(pem)));
}

function checkUpdate(
  evidence: Evidence,
  { idx, leaf }: Entry<'update.accepted'>,
  certificates: readonly X509Certificate[],
  replay: Replay,
): void {
  const at = `update of ${leaf.tenantRef} in round ${leaf.round} of ${leaf.run}`;
  const time = Date.parse(leaf.time);
  const own = certificates.find((c) => serialOf(c) === leaf.serial && !c.ca);
  if (!own) fail(`${at}: certificate ${leaf.serial} is not in ${CERTIFICATES_FILE}`);
  must(tenantOf(own) === leaf.tenantRef, `${at}: certificate ${leaf.serial} names another tenant`);
  must(own.keyUsage?.join() === '1.3.6.1.5.5.7.3.2', `${at}: certificate ${leaf.serial} is not for clients`);
  checkRenewed(evidence, own, idx, at);
  const chain =
    chainOf(own, certificates, rootsFor(evidence, leaf, replay)) ?? fail(`${at}: no chain to a root of the roster`);
  for (const certificate of chain)
    must(
      Date.parse(certificate.validFrom) <= time && time <= Date.parse(certificate.validTo),
      `${at}: certificate ${serialOf(certificate)} was not valid at ${leaf.time}`,
    );
  for (const revoked of leavesOf(evidence, 'connector.revoked').filter((r) => r.idx < idx))
    must(!isTarget(evidence, revoked.leaf, own, leaf.tenantRef), `${at}: the certificate was revoked before`);
}

/** `rootSpki` of the roster that the grant of this round names. */
function rootsFor(evidence: Evidence, leaf: Entry<'update.accepted'>['leaf'], replay: Replay): Buffer[] {
  const opened = leavesOf(evidence, 'round.opened').find((o) => sameAttempt(o.leaf, leaf));
  if (!opened) fail(`round ${leaf.round} of ${leaf.run} never opened`);
  const roster = rosterWithHash(evidence, grantFacts(evidence, opened.leaf.grantDigest, replay).rosterHash);
  return (roster ?? fail('a grant names an unknown roster')).rootSpki.map((hash) =>
    Buffer.from(fromBase64url(hash, 32)),
  );
}

/** Leaf, issuing, root; undefined when there is no such chain. Names are hints, signatures decide. */
function chainOf(
  own: X509Certificate,
  certificates: readonly X509Certificate[],
  roots: readonly Buffer[],
): X509Certificate[] | undefined {
  const issuers = (of: X509Certificate) =>
    certificates.filter((c) => c.ca && c !== of && of.checkIssued(c) && of.verify(c.publicKey));
  for (const issuing of issuers(own))
    for (const root of [issuing, ...issuers(issuing)])
      if (roots.some((hash) => hash.equals(spkiHash(root))))
        return root === issuing ? [own, root] : [own, issuing, root];
  return undefined;
}

function spkiHash(certificate: X509Certificate): Buffer {
  return sha256(certificate.publicKey.export({ format: 'der', type: 'spki' }));
}

function serialOf(certificate: X509Certificate): string {
  return certificate.serialNumber.toUpperCase().padStart(32, '0');
}

/** The SAN is compared whole: `URI:spiffe://<domain>/tenant/<tenantRef>/connector/<n>` and nothing else. */
function tenantOf(certificate: X509Certificate): string | undefined {
  const san = certificate.subjectAltName ?? '';
  return /^URI:spiffe:\/\/[a-z0-9.-]{1,255}\/tenant\/([a-z2-7]{16})\/connector\/[1-9][0-9]{0,3}$/.exec(san)?.[1];
}

/** A revoked serial takes its connector out: with it goes whatever replaced it, and what it replaced. */
function isTarget(
  evidence: Evidence,
  revoked: Entry<'connector.revoked'>['leaf'],
  own: X509Certificate,
  tenantRef: string,
): boolean {
  if (revoked.scope === 'serial')
    return revoked.target === serialOf(own) || connectorOf(evidence, revoked.target) === nameOf(own);
  if (revoked.scope === 'tenant') return revoked.target === tenantRef;
  return revoked.target === digestOf(own.publicKey.export({ format: 'der', type: 'spki' }));
}

/** Connector for which the log says that this serial was issued. */
function connectorOf(evidence: Evidence, serial: string): string | undefined {
  const enrolled = leavesOf(evidence, 'connector.enrolled').find(({ leaf }) => leaf.serial === serial);
  const renewed = leavesOf(evidence, 'connector.renewed').find(({ leaf }) => leaf.serialNew === serial);
  return enrolled?.leaf.connector ?? renewed?.leaf.connector;
}

function nameOf(certificate: X509Certificate): string {
  return (certificate.subjectAltName ?? '').slice('URI:'.length);
}

/** A serial that the log says was a renewal: of this connector, and before the update came over it. */
function checkRenewed(evidence: Evidence, own: X509Certificate, before: number, at: string): void {
  const renewed = leavesOf(evidence, 'connector.renewed').find(({ leaf }) => leaf.serialNew === serialOf(own));
  if (!renewed) return;
  must(renewed.leaf.connector === nameOf(own), `${at}: the log says that ${serialOf(own)} is of another connector`);
  must(renewed.idx < before, `${at}: certificate ${serialOf(own)} was issued later`);
}
