import { canonicalBytes, parseCanonical } from '@sumveil/wire';
import { z } from 'zod';

const bytes = (length: number) => z.string().regex(new RegExp(`^[A-Za-z0-9_-]{${Math.ceil((length * 4) / 3)}}$`));

/** Old serial and the signature of a key that stands for it, over this serial and the new key. */
const replaces = { serial: z.string().regex(/^[4-7][0-9A-F]{31}$/), proof: bytes(64) };

const certificateOrder = z.strictObject({
  /** SPIFFE id that the certificate is for. */
  name: z.string().max(200),
  /** PEM, as received. */
  csr: z.string().max(16_384),
  lifeSeconds: z.int().min(1).max(2_592_000),
  /** Why: a join string that was spent, or a certificate to replace, by its own key or, once it has expired, the roster key. */
  by: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('token'),
      tokenHash: bytes(32),
      rosterKey: bytes(32),
      rosterProof: bytes(64),
      witnessKey: bytes(32),
      witnessProof: bytes(64),
    }),
    z.strictObject({ kind: z.literal('tls-key'), ...replaces }),
    z.strictObject({ kind: z.literal('roster-key'), ...replaces }),
  ]),
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

export type TokenClaim = Extract<CertificateOrder['by'], { kind: 'token' }>;
export type RenewalClaim = Exclude<CertificateOrder['by'], { kind: 'token' }>;

/** The one subject under which this order may be signed: a token gives one certificate, and a serial is replaced once. */
export function subjectOfOrder({ by }: Pick<CertificateOrder, 'by'>): string {
  if (by.kind === 'token') return `token:${Buffer.from(by.tokenHash, 'base64url').toString('hex')}`;
  return subjectOfSerial(by.serial);
}

export function subjectOfSerial(serial: string): string {
  return `serial:${serial}`;
}
