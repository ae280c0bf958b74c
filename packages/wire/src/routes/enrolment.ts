import { z } from 'zod';
import { hash32 } from '../scalars.ts';
import { defineRoute } from './route.ts';

const proof = z.string().regex(/^[A-Za-z0-9_-]{86}$/, 'expected a 64-byte signature in base64url');

/** Governance section 1, rules 3 to 7. One error text for every refusal. */
export const enroll = defineRoute({
  name: 'enroll',
  summary: 'Exchange a one-time token and a certificate request for the connector’s first certificate',
  method: 'POST',
  path: '/v1/enroll',
  listener: 'enrolment',
  body: z.strictObject({
    token: hash32,
    csr: z.string().max(12_000),
    rosterKey: hash32,
    rosterProof: proof,
    witnessKey: hash32,
    witnessProof: proof,
  }),
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
