import { canonicalBytes, parseCanonical } from '@sumveil/wire';
import { z } from 'zod';

const bytes = (length: number) => z.string().regex(new RegExp(`^[A-Za-z0-9_-]{${Math.ceil((length * 4) / 3)}}$`));

const certificateOrder = z.strictObject({
  /** SPIFFE id that the certificate is for. */
  name: z.string().max(200),
  /** PEM, as received. */
  csr: z.string().max(16_384),
  lifeSeconds: z.int().min(3_600).max(2_592_000),
  /** A join string is the only claim there is: nothing renews certificates, so nothing may ask for it. */
  by: z.strictObject({
    kind: z.literal('token'),
    tokenHash: bytes(32),
    rosterKey: bytes(32),
    rosterProof: bytes(64),
    witnessKey: bytes(32),
    witnessProof: bytes(64),
  }),
});

/** What enrolment puts before the signer: the received bytes, so that it can check all of them itself. */
export type CertificateOrder = z.infer<typeof certificateOrder>;

export function certificateOrderBytes(order: CertificateOrder): Buffer {
  return canonicalBytes(certificateOrder.parse(order));
}

/** @throws WireError or ZodError unless the bytes are an order in RFC 8785 form */
export function parseCertificateOrder(body: Uint8Array): CertificateOrder {
  return certificateOrder.parse(parseCanonical(body));
}

/** The one subject under which this order may be signed, so that a token gives one certificate. */
export function subjectOfOrder({ by }: CertificateOrder): string {
  return `token:${Buffer.from(by.tokenHash, 'base64url').toString('hex')}`;
}
