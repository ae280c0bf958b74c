import { z } from 'zod';
import { bytesField, hashField, idxField, idxList, isAscending, jobIdField, keyField } from './fields.ts';

// Every message of section 9 with the fields of complete-graph mode; strict, so an unknown field refuses the message.

const attempt = { v: z.literal(1), planHash: hashField, idx: idxField };

const m0Classic = z.strictObject({
  type: z.literal('m0'),
  ...attempt,
  cKey: keyField,
  sKey: keyField,
  bCommit: hashField,
});
const m0Hybrid = m0Classic.extend({ cKem: bytesField(1184), sKem: bytesField(1184) });

export const m0Schema = { 1: m0Classic, 2: m0Hybrid } as const;
/** `cKem` and `sKem` are there in suite 2 and only then. */
export type M0 = z.infer<typeof m0Classic> & { cKem?: string; sKem?: string };

export const m1Schema = z.strictObject({
  type: z.literal('m1'),
  ...attempt,
  dirHash: hashField,
  shareRoot: hashField,
});
export type M1 = z.infer<typeof m1Schema>;

const envelope = {
  type: z.literal('env'),
  v: z.literal(1),
  from: idxField,
  to: idxField,
  ct: bytesField(92),
};
const kemEnvelope = { ...envelope, kemCt: bytesField(1088) };
const envelopeClassic = z.strictObject(envelope);
const envelopeDown = z.strictObject(kemEnvelope);
const envelopeUp = z.strictObject({
  ...kemEnvelope,
  mkCt: bytesField(1088),
  mkEscrow: bytesField(32),
  mkCheck: hashField,
});

/** `kemCt` in suite 2; `mkCt`, `mkEscrow` and `mkCheck` in suite 2 from the lower to the higher index. */
export type Envelope = z.infer<typeof envelopeClassic> & {
  kemCt?: string;
  mkCt?: string;
  mkEscrow?: string;
  mkCheck?: string;
};

export function envelopeSchema(suite: 1 | 2, from: number, to: number): z.ZodType<Envelope> {
  if (suite === 1) return envelopeClassic;
  return from < to ? envelopeUp : envelopeDown;
}

export const m2Schema = z.strictObject({
  type: z.literal('m2'),
  ...attempt,
  u2Hash: hashField,
  chunks: z
    .int()
    .min(1)
    .max(2 ** 32),
  chunkRoot: hashField,
});
export type M2 = z.infer<typeof m2Schema>;

export const m3Schema = z.strictObject({ type: z.literal('m3'), ...attempt, u3Hash: hashField });
export type M3 = z.infer<typeof m3Schema>;

const shareList = z
  .array(z.strictObject({ idx: idxField, share: bytesField(32) }))
  .max(1000)
  .refine((list) => isAscending(list.map((entry) => entry.idx)), 'ascending indices');

export const m4Schema = z.strictObject({
  type: z.literal('m4'),
  ...attempt,
  u3Hash: hashField,
  b: shareList,
  a: shareList,
});
export type M4 = z.infer<typeof m4Schema>;

export const listSchema = z.strictObject({
  type: z.literal('list'),
  v: z.literal(1),
  planHash: hashField,
  phase: z.enum(['u1', 'u2', 'u3']),
  members: idxList,
  listHash: hashField,
});
export type List = z.infer<typeof listSchema>;
export type ListPhase = List['phase'];

export const abortReasons = [
  'plan',
  'directory',
  'share',
  'list',
  'consistency',
  'expired',
  'operator',
  'local',
] as const;
export type AbortReason = (typeof abortReasons)[number];

export const abortSchema = z.strictObject({ type: z.literal('abort'), ...attempt, reason: z.enum(abortReasons) });
export type Abort = z.infer<typeof abortSchema>;

const secretList = z
  .array(z.strictObject({ idx: idxField, secret: bytesField(32) }))
  .max(1000)
  .refine((list) => isAscending(list.map((entry) => entry.idx)), 'ascending indices');

export const manifestSchema = z.strictObject({
  type: z.literal('manifest'),
  v: z.literal(1),
  planHash: hashField,
  u3Hash: hashField,
  survivors: idxList,
  chunks: z
    .int()
    .min(1)
    .max(2 ** 32),
  aggRoot: hashField,
  b: secretList,
  a: secretList,
});
export type Manifest = z.infer<typeof manifestSchema>;

export const rosterApproveSchema = z.strictObject({
  type: z.literal('roster-approve'),
  v: z.literal(1),
  idx: idxField,
  rosterHash: hashField,
});

export const groupCommitSchema = z.strictObject({
  type: z.literal('gcommit'),
  v: z.literal(1),
  idx: idxField,
  jobId: jobIdField,
  nCommit: hashField,
  rosterHash: hashField,
});

export const groupRevealSchema = z.strictObject({
  type: z.literal('greveal'),
  v: z.literal(1),
  idx: idxField,
  jobId: jobIdField,
  nonce: bytesField(32),
  rosterHash: hashField,
});
