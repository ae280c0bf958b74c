import { z } from 'zod';
import { defineRoute } from '../route.ts';

/** C2SP tlog-witness add-checkpoint body: `old N`, proof lines, blank line, note. */
export const witnessPoll = defineRoute({
  name: 'witnessPoll',
  summary: 'Next checkpoint to cosign, as an add-checkpoint body; held open until one is signed, null when none came',
  method: 'GET',
  path: '/v1/witness',
  listener: 'connector',
  query: z.strictObject({ size: z.string().regex(/^(0|[1-9][0-9]{0,19})$/) }),
  response: z.strictObject({
    request: z.string().nullable(),
    /** The log knows no checkpoint as large as the witness's: it answers 409 with its size and shows the note it holds. */
    ahead: z.literal(true).optional(),
  }),
  status: 200,
  errors: ['ROSTER_NONE', 'UNAUTHENTICATED', 'UNAVAILABLE'],
  longPoll: true,
});

/** The witness's answer to the body it polled. */
export const witnessAnswer = defineRoute({
  name: 'witnessAnswer',
  summary: 'Answer of this tenant’s witness: status, body and content type of tlog-witness',
  method: 'POST',
  path: '/v1/witness',
  listener: 'connector',
  body: z.strictObject({
    size: z.string().regex(/^[1-9][0-9]{0,19}$/),
    status: z.union([z.literal(200), z.literal(400), z.literal(403), z.literal(404), z.literal(409), z.literal(422)]),
    contentType: z.string().max(100).optional(),
    body: z.string().max(8_192),
    /** With 409 and 422: the checkpoint that the witness holds, as the log signed it. */
    note: z.string().max(8_192).optional(),
  }),
  response: null,
  status: 204,
  errors: ['MESSAGE_REFUSED', 'UNAUTHENTICATED', 'UNAVAILABLE'],
});
