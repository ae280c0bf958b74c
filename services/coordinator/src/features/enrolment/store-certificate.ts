import { X509Certificate } from 'node:crypto';
import { sha256, writtenDigest } from '@sumveil/wire';
import type { Tx } from '../../db/client.ts';
import type { Deps } from '../../deps.ts';
import type { LeafInput } from '../../log/append.ts';

export interface Signed {
  readonly tenantRef: string;
  readonly name: string;
  /** Leaf and issuing certificate, PEM, as the signer gave them. */
  readonly chain: string;
  readonly spkiSha256: Buffer;
}

/** What leaves need of a certificate. */
export interface Written {
  readonly serial: string;
  readonly spkiHash: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly issuerSki: string;
}

/**
 * Row and leaf of a certificate that the signer has signed, once however often it is asked for. It waits for a revocation of
 * the tenant that is being written, which then sees this row, or is seen here.
 *
 * @param also what else changes with it, and the leaf
 */
export async function storeCertificate(
  deps: Deps,
  signed: Signed,
  also: (tx: Tx, written: Written) => Promise<LeafInput>,
): Promise<void> {
  const { tenantRef, name, chain, spkiSha256 } = signed;
  const certificate = new X509Certificate(chain);
  const { serialNumber: serial, validFromDate: notBefore, validToDate: notAfter } = certificate;
  await deps.db.transaction(async (tx) => {
    await lockTenant(tx, tenantRef);
    if (await tx.certificate.findUnique({ where: { serial } })) return;
    const row = { serial, connectorName: name, chainPem: chain, notBefore, notAfter };
    await tx.certificate.create({ data: { ...row, spkiHash: Uint8Array.from(spkiSha256) } });
    const leaf = await also(tx, {
      serial,
      spkiHash: writtenDigest(spkiSha256),
      notBefore: notBefore.toISOString(),
      notAfter: notAfter.toISOString(),
      issuerSki: issuerKeyId(chain),
    });
    await deps.log.appendLeaf(tx, leaf);
  });
}

/** Certificates of a tenant are stored and revoked one after the other. */
export async function lockTenant(tx: Tx, tenantRef: string): Promise<void> {
  await tx.$queryRaw`SELECT 1 AS held FROM tenant WHERE ref = ${tenantRef} FOR UPDATE`;
}

/** SHA-256 of the issuing certificate's key: names the issuer without trusting an extension. */
function issuerKeyId(chain: string): string {
  const issuing = chain.slice(chain.indexOf('-----END CERTIFICATE-----') + '-----END CERTIFICATE-----'.length);
  return writtenDigest(sha256(new X509Certificate(issuing).publicKey.export({ type: 'spki', format: 'der' })));
}
