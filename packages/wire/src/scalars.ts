import { z } from 'zod';

/** Random 80-bit id that stands in for a name. */
export const ref = z.string().regex(/^[a-z2-7]{16}$/, 'expected 16 characters of a-z 2-7');
/** `sha256:<64 hex>`. */
export const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'expected sha256:<64 hex digits>');
/** 32 bytes in base64url. */
export const hash32 = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'expected 32 bytes in base64url');
/** Ticket id of the tenant's own change system, kept verbatim. */
export const ticketId = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'expected 1 to 64 of A-Z a-z 0-9 . _ -');
export const rosterIndex = z.coerce.number().int().min(1).max(65_535);
export const uuid = z.uuid();
/** UTC with milliseconds. */
export const timestamp = z.iso.datetime({ precision: 3 });
/** What a person or organisation may be called. */
export const displayName = z.string().trim().min(1).max(100);

export const role = z.enum(['platform-operator', 'tenant-admin', 'data-steward', 'privacy-officer', 'auditor']);
export type Role = z.infer<typeof role>;
