import { type CheckedCsr, checkCsr, parseSpiffeName } from '@sumveil/identity';
import type { InputOf, routes } from '@sumveil/wire';
import { databaseNow, type Tx } from '../../db/client.ts';
import type { Deps } from '../../deps.ts';
import type { ConnectorPeer } from '../../http/identity.ts';
import {
  certificateOrderBytes,
  orderNumber,
  parseCertificateOrder,
  subjectOfSerial,
} from '../../signing/certificate-order.ts';
import { renewalFault } from '../../signing/checks/renewal.ts';
import { readSignerPublic } from '../../signing/signer-public.ts';
import { refusal, refused } from './refusal.ts';
import { storeCertificate } from './store-certificate.ts';

export type RenewalRequest = InputOf<(typeof routes.renew)['body']>;
export type ReturnRequest = Extract<InputOf<(typeof routes.enroll)['body']>, { expired: string }>;

interface Replacement {
  readonly name: string;
  readonly csr: string;
  readonly by: { readonly kind: 'tls-key' | 'roster-key'; readonly serial: string; readonly proof: string };
}

/** New key under the same name, for the connector of this connection (governance section 1, rule 9). */
export async function renew(deps: Deps, peer: ConnectorPeer, request: RenewalRequest): Promise<{ chain: string }> {
  const { serial, name } = peer;
  const { csr, proof } = request;
  try {
    return { chain: await replaceCertificate(deps, { name, csr, by: { kind: 'tls-key', serial, proof } }) };
  } catch (error) {
    throw await refused(deps, error, { serial });
  }
}

/** The same after the certificate has expired, by the roster key's signature: nobody's hands are needed. */
export async function returnExpired(deps: Deps, request: ReturnRequest) {
  const { expired: serial, csr, proof } = request;
  try {
    const old = await deps.db.prisma.certificate.findUnique({ where: { serial }, include: { connector: true } });
    if (!old) throw refusal('SERIAL');
    const { name, tenantRef } = old.connector;
    const chain = await replaceCertificate(deps, { name, csr, by: { kind: 'roster-key', serial, proof } });
    const { idx } = await deps.db.prisma.tenant.findUniqueOrThrow({ where: { ref: tenantRef } });
    return { tenantRef, name, chain, root: readSignerPublic(deps.config.signerPublicFile).rootPem, idx };
  } catch (error) {
    throw await refused(deps, error, { serial });
  }
}

/**
 * Each serial is replaced once; an order that the signer refused does not count, because what it judged may pass (a suspension,
 * a setting), so the next one is made under a further subject. The same request again, after an answer that was lost, gets the same certificate: what counts
 * as the same is the new key, because a signature of ECDSA differs each time.
 */
async function replaceCertificate(deps: Deps, { name, csr: csrText, by }: Replacement): Promise<string> {
  const csr = await checkCsr(csrText);
  const { tenantRef } = parseSpiffeName(name, deps.config.trustDomain);
  const subject = await deps.db.transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${subjectOfSerial(by.serial)}, 0))`;
    const renewal = { name, tenantRef, by, csr };
    const published = readSignerPublic(deps.config.signerPublicFile);
    const now = await databaseNow(tx);
    const last = await lastOrder(tx, by.serial);
    const standing = last?.isRefused ? undefined : last;
    if (standing && !(await keyOf(standing)).equals(csr.spkiSha256)) throw refusal('SERIAL');
    const context = { tx, now, orderedAt: standing?.orderedAt ?? now, log: deps.log, published };
    const fault = await renewalFault({ ...context, again: standing !== undefined }, renewal);
    if (fault) throw refusal(fault);
    if (standing) return standing.subject;
    await refuseKnownKey(tx, csr);
    const { status } = await tx.tenant.findUniqueOrThrow({ where: { ref: tenantRef } });
    if (status !== 'active') throw refusal('REVOKED');
    const order = { name, csr: csrText, lifeSeconds: deps.timings.certificateSeconds, by };
    const next = subjectOfSerial(by.serial, last ? orderNumber(last.subject) + 1 : 1);
    await deps.sign.requestSignature(tx, 'certificate', next, certificateOrderBytes(order));
    return next;
  });
  const signed = await deps.sign.awaitSignature('certificate', subject);
  const chain = Buffer.from(signed).toString('utf8');
  await storeCertificate(deps, { tenantRef, name, chain, spkiSha256: csr.spkiSha256 }, async (tx, written) => {
    await tx.certificate.update({ where: { serial: by.serial }, data: { replacedBy: written.serial } });
    return {
      type: 'connector.renewed',
      actor: { kind: 'connector', ref: tenantRef, via: by.kind === 'tls-key' ? 'mtls' : 'enrolment' },
      connector: name,
      serialOld: by.serial,
      serialNew: written.serial,
      spkiHashNew: written.spkiHash,
      notAfter: written.notAfter,
      via: by.kind === 'tls-key' ? 'mtls' : 'roster-key',
    };
  });
  deps.logger.event('message.accepted', { kind: 'renewal', tenantRef });
  return chain;
}

interface Ordered {
  readonly subject: string;
  readonly body: Uint8Array;
  readonly orderedAt: Date;
  readonly isRefused: boolean;
}

/** The newest order for this serial: each is made after the one before it was refused. */
async function lastOrder(tx: Tx, serial: string): Promise<Ordered | undefined> {
  const first = subjectOfSerial(serial);
  const [row] = await tx.$queryRaw<Ordered[]>`
    SELECT r.subject, r.body, r.created_at AS "orderedAt", s.error IS NOT NULL AS "isRefused"
    FROM sign_request r LEFT JOIN signature s ON s.request_id = r.id
    WHERE r.kind = 'certificate' AND (r.subject = ${first} OR starts_with(r.subject, ${`${first}/`}))
    ORDER BY r.id DESC LIMIT 1`;
  return row;
}

async function keyOf({ body }: Ordered): Promise<Buffer> {
  return (await checkCsr(parseCertificateOrder(body).csr)).spkiSha256;
}

async function refuseKnownKey(tx: Tx, csr: CheckedCsr): Promise<void> {
  if ((await tx.certificate.count({ where: { spkiHash: Uint8Array.from(csr.spkiSha256) } })) > 0) throw refusal('CSR');
}
