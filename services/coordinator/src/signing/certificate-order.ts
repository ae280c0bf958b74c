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

/**
 * Whether the order may be signed under this subject. A token has one and gives one certificate; a serial has as many as it
 * takes to have one of them signed.
 */
export function isSubjectOf(subject: string, { by }: Pick<CertificateOrder, 'by'>): boolean {
  if (by.kind === 'token') return subject === `token:${Buffer.from(by.tokenHash, 'base64url').toString('hex')}`;
  return subject === subjectOfSerial(by.serial, orderNumber(subject));
}

/** @param n 1 for the first order, one more after each that the signer has refused */
export function subjectOfSerial(serial: string, n = 1): string {
  return n === 1 ? `serial:${serial}` : `serial:${serial}/${n}`;
}

/** The `n` in a subject of {@link subjectOfSerial}. */
export function orderNumber(subject: string): number {
  return Number(/\/([1-9][0-9]{0,8})$/.exec(subject)?.[1] ?? 1);
}
