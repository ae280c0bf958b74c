import { expect } from 'vitest';

/** Matches a cryptographic refusal by its local detail; the outward text is the same for all. */
export const refused = (detail: string) =>
  expect.objectContaining({ code: 'REFUSED', detail: expect.stringContaining(detail) });

/** Matches a step that is over or out of order. */
export const phase = expect.objectContaining({ code: 'PHASE' });
