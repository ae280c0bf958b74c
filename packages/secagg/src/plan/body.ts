import { z } from 'zod';
import { SecaggError } from '../error.ts';
import { decimalField, hashField, idxList, jobIdField } from '../messages/fields.ts';

const auxItemSchema = z.strictObject({
  name: z.string().min(1).max(128),
  kind: z.enum(['weight', 'count', 'sum']),
  len: z
    .int()
    .min(1)
    .max(2 ** 30),
  scaleLog2: z.int().min(0).max(62),
  max: decimalField,
});
export type AuxItem = z.infer<typeof auxItemSchema>;

const dpSchema = z.union([
  z.strictObject({ mech: z.literal('none') }),
  z.strictObject({
    mech: z.literal('ddg'),
    unit: z.enum(['tenant', 'record']),
    sigma2: decimalField,
    normBound2: decimalField,
    deltaInv: z.int().min(1),
    epsMilliCap: z.int().min(0),
  }),
]);

const time = z.int().min(0);

export const planSchema = z.strictObject({
  type: z.literal('plan'),
  v: z.literal(1),
  suite: z.union([z.literal(1), z.literal(2)]),
  rosterHash: hashField,
  planDigest: hashField,
  grantDigest: hashField,
  jobId: jobIdField,
  round: z.int().min(1),
  attempt: z.int().min(0).max(255),
  retryOf: hashField,
  prevManifest: hashField,
  modelHash: hashField,
  taskHash: hashField,
  codeHash: hashField,
  cohort: idxList.min(2),
  c: z.int().min(0),
  threshold: z.int().min(1),
  minSurvivors: z.int().min(1),
  mode: z.enum(['complete', 'graph']),
  graph: z.strictObject({ a1: z.int().min(0), k: z.int().min(2), t: z.int().min(1) }).optional(),
  dim: z
    .int()
    .min(0)
    .max(2 ** 30),
  bits: z.union([z.literal(16), z.literal(20), z.literal(24), z.literal(32)]),
  chunkElems: z
    .int()
    .min(16)
    .max(2 ** 20),
  scaleLog2: z.int().min(0).max(40),
  clipQ: z.int().min(1),
  linfQ: z.int().min(1),
  rounding: z.enum(['nearest', 'stochastic']),
  aux: z.array(auxItemSchema).max(1024),
  auxNoise: z.strictObject({ normBound2: decimalField, sigma2: decimalField }),
  dp: dpSchema,
  group: z.strictObject({ assignHash: hashField, count: z.int().min(2).max(500), index: z.int().min(0) }).optional(),
  leaseSeconds: z.int().min(5).max(300),
  deadlines: z.tuple([time, time, time, time, time]),
  expires: time,
});
/** Exact fields of section 4, byte fields as base64url text. */
export type PlanBody = z.infer<typeof planSchema>;

export function auxLength(aux: readonly AuxItem[]): number {
  return aux.reduce((sum, item) => sum + item.len, 0);
}

/** 1-based place of a tenant in the cohort: the point at which it holds shares. */
export function positionOf(plan: PlanBody, idx: number): number {
  return plan.cohort.indexOf(idx) + 1;
}

export function isWeighted(plan: PlanBody): boolean {
  return plan.aux[0]?.kind === 'weight';
}

export function planFault(detail: string): SecaggError {
  return new SecaggError('PLAN', `The round plan is refused: ${detail}.`);
}
