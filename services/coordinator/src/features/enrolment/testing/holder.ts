import type { KeyObject } from 'node:crypto';
import {
  connectorLeafOrder,
  createCsr,
  generateP256,
  issueChecked,
  proveExpiredRenewal,
  proveRenewal,
  rawEd25519,
  spiffeName,
  spkiDer,
  spkiSha256,
} from '@sumveil/identity';
import { toBase64url } from '@sumveil/wire';
import { loadSignerKeys } from '../../../signing/key-files.ts';
import type { EvidenceWorld, TestTenant } from '../../../signing/testing/world.ts';
import type { RenewalRequest, ReturnRequest } from '../renewal.ts';

export interface Holder {
  readonly name: string;
  readonly serial: string;
  readonly key: KeyObject;
}

const HOUR_MS = 3_600_000;

/**
 * A connector with a certificate that the world's CA has issued, as enrolment would have stored it.
 *
 * @param o.endedHoursAgo how long the certificate is over; it lives for another hour when left out
 * @param o.rosterKey when it is not the one that the tenant's row of the roster names
 */
export async function holder(
  world: EvidenceWorld,
  tenant: TestTenant,
  o: { n: number; endedHoursAgo?: number; rosterKey?: KeyObject; witnessKey?: KeyObject },
): Promise<Holder> {
  const { prisma } = world.api.db;
  const name = spiffeName('sumveil.test', tenant.ref, o.n);
  const keys = { rosterKey: o.rosterKey ?? tenant.rosterKey, witnessKey: o.witnessKey ?? tenant.witnessKey };
  const raw = (key: KeyObject) => Uint8Array.from(rawEd25519(key));
  const connector = { tenantRef: tenant.ref, n: o.n, rosterKey: raw(keys.rosterKey), witnessKey: raw(keys.witnessKey) };
  await prisma.connector.upsert({ where: { name }, create: { name, ...connector }, update: {} });
  const key = generateP256();
  const now = new Date(Date.now() - (o.endedHoursAgo === undefined ? 0 : (o.endedHoursAgo + 1) * HOUR_MS));
  const order = connectorLeafOrder({ spki: spkiDer(key), name, lifeSeconds: 3_600, now });
  const { chainPem, serial } = await issueChecked(loadSignerKeys(world.keysFolder).issuer, order);
  const { notBefore, notAfter } = order;
  const row = { serial, connectorName: name, chainPem, notBefore, notAfter };
  await prisma.certificate.create({ data: { ...row, spkiHash: Uint8Array.from(spkiSha256(key)) } });
  return { name, serial, key };
}

interface Change {
  /** Key of the request; a new one when left out. */
  readonly key?: KeyObject;
  /** Who signs the proof. */
  readonly by?: KeyObject;
  /** Key that the proof is over. */
  readonly over?: KeyObject;
  /** Serial that the proof is over. */
  readonly serial?: string;
}

export async function renewalOf(holder: Holder, change: Change = {}): Promise<RenewalRequest> {
  const key = change.key ?? generateP256();
  const proof = proveRenewal({
    serial: change.serial ?? holder.serial,
    csrSpki: spkiDer(change.over ?? key),
    tlsKey: change.by ?? holder.key,
  });
  return { csr: await createCsr(key), proof: toBase64url(proof) };
}

export async function returnOf(tenant: TestTenant, holder: Holder, change: Change = {}): Promise<ReturnRequest> {
  const key = change.key ?? generateP256();
  const proof = proveExpiredRenewal({
    serial: change.serial ?? holder.serial,
    csrSpki: spkiDer(change.over ?? key),
    rosterKey: change.by ?? tenant.rosterKey,
  });
  return { expired: holder.serial, csr: await createCsr(key), proof: toBase64url(proof) };
}
