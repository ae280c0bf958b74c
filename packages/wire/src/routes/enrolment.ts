import { z } from 'zod';
import { hash32 } from '../scalars.ts';
import { defineRoute } from './route.ts';

const proof = z.string().regex(/^[A-Za-z0-9_-]{86}$/, 'expected a 64-byte signature in base64url');

const csr = z.string().max(12_000);

/** First certificate: a one-time token, and proofs of both Ed25519 keys. */
const byToken = z.strictObject({
  token: hash32,
  csr,
  rosterKey: hash32,
  rosterProof: proof,
  witnessKey: hash32,
  witnessProof: proof,
});

/** Return after expiry: the roster key signs the old serial and the new key (rule 9). */
const byRosterKey = z.strictObject({
  expired: z.string().regex(/^[4-7][0-9A-F]{31}$/, 'expected the serial of a connector’s certificate'),
  csr,
  proof,
});

/** Governance section 1, rules 3 to 7 and 9. One error text for every refusal. */
export const enroll = defineRoute({
  name: 'enroll',
  summary:
    'Exchange a certificate request for the connector’s first certificate with a one-time token, or for one in place of an expired one with the roster key’s signature',
  method: 'POST',
  path: '/v1/enroll',
  listener: 'enrolment',
  body: z.union([byToken, byRosterKey]),
  response: z.strictObject({
    tenantRef: z.string(),
    name: z.string(),
    /** Leaf and issuing certificate, PEM. */
    chain: z.string(),
    /** Root certificate, PEM. */
    root: z.string(),
    idx: z.number().int(),
  }),
  status: 201,
  errors: ['ENROLMENT_REFUSED', 'TOO_LARGE', 'RATE_LIMITED', 'UNAVAILABLE'],
});

/** Governance section 1, rule 9: new key, same name, over the certificate that it replaces. */
export const renew = defineRoute({
  name: 'renew',
  summary: 'Exchange a certificate request for the certificate that replaces the one of this connection',
  method: 'POST',
  path: '/v1/renew',
  listener: 'connector',
  body: z.strictObject({
    csr,
    /** ECDSA (r, s) by the present certificate's key, see `proveRenewal` of @sumveil/identity. */
    proof,
  }),
  response: z.strictObject({
    /** Leaf and issuing certificate, PEM. */
    chain: z.string(),
  }),
  status: 201,
  errors: ['UNAUTHENTICATED', 'BAD_REQUEST', 'ENROLMENT_REFUSED', 'RATE_LIMITED', 'UNAVAILABLE'],
});
