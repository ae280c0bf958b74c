import { z } from 'zod';

/** Every refusal of the HTTP surface: status, what it means, and what the reader can do next (RFC 9457 problem details). */
export const problems = {
  BAD_REQUEST: [400, 'The request does not have the expected form', 'Compare it with the API document at /docs.'],
  PLAN_INVALID: [422, 'The plan has faults', 'Correct every fault that is listed, then submit the file again.'],
  MESSAGE_REFUSED: [
    422,
    'The message breaks the protocol',
    'Nothing of it was kept; see the connector log for the cause.',
  ],
  UNAUTHENTICATED: [
    401,
    'No valid token or certificate',
    'Sign in again, or check that the certificate has not expired.',
  ],
  FORBIDDEN: [
    403,
    'Your roles do not allow this',
    'Ask someone who holds one of the roles that the API document names.',
  ],
  NOT_FOUND: [404, 'Nothing here under this name', 'Check the id; other tenants’ objects look absent as well.'],
  CONFLICT: [409, 'The present state does not allow this', 'Read the current state, then decide again.'],
  POLICY_DENIED: [409, 'Policy denied the action', 'Each reason names a policy; satisfy them and ask again.'],
  ROSTER_NONE: [409, 'No roster is in force', 'Publish a roster and have every member pin it.'],
  ROUND_CLOSED: [409, 'The phase is closed', 'Nothing to do: the next round starts fresh.'],
  DIGEST_MISMATCH: [422, 'The bytes do not have the digest that was announced', 'Send them again; nothing was kept.'],
  TOO_LARGE: [413, 'The body is larger than allowed', 'Keep within the limit that the API document names.'],
  UNSUPPORTED_MEDIA: [
    415,
    'Content type or encoding is not accepted',
    'Send the bytes as they are, without Content-Encoding.',
  ],
  TIMEOUT: [408, 'The request took too long', 'Send it again.'],
  RATE_LIMITED: [429, 'Too many requests', 'Wait for the time in Retry-After.'],
  ENROLMENT_REFUSED: [403, 'Enrolment refused', 'Ask the platform operator for a new join string.'],
  STORAGE_FULL: [
    507,
    'The artifact store cannot take more',
    'Tell the platform operator; the request can be repeated later.',
  ],
  UNAVAILABLE: [503, 'The coordinator cannot answer right now', 'Repeat after the time in Retry-After.'],
  INTERNAL: [500, 'Something failed inside the coordinator', 'Give the correlation id to the platform operator.'],
} as const satisfies Record<string, readonly [number, string, string]>;

export type ProblemCode = keyof typeof problems;

export const problemCode = z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]);

/** `application/problem+json`. `faults` lists every fault of a bad input with its path. */
export const problemDetails = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: problemCode,
  detail: z.string(),
  next: z.string(),
  correlationId: z.string(),
  reasons: z.array(z.string()).optional(),
  faults: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
export type ProblemDetails = z.infer<typeof problemDetails>;
