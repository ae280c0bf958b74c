import { byContent } from '@sumveil/wire';
import { z } from 'zod';
import { schemaFault } from '../messages/fields.ts';
import { planFileFault, readPlanFile } from './planFile.ts';

// The part of a plan file that fixes a round plan (section 4). Sections that the round plan reads whole are strict, so a
// misspelt field cannot fall back to its default unseen; other sections belong to the packages that read them.

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
/** integers that may exceed 2^53-1 are quoted */
const bigInteger = z
  .union([z.int().min(0), z.string().regex(/^(0|[1-9][0-9]{0,38})$/)])
  .transform((value) => String(value));
const seconds = z.int().min(0).max(10_000_000);
const bounds = z.tuple([seconds, seconds]).refine(([least, most]) => least <= most, 'least is above most');

const auxItem = z
  .strictObject({
    name: z.string().regex(/^[\x20\x21\x23-\x5b\x5d-\x7e]{1,128}$/),
    kind: z.enum(['weight', 'count', 'sum']),
    len: z.int().min(1).default(1),
    scaleLog2: z.int().min(0).default(0),
    max: bigInteger.optional(),
    classes: z.array(z.int().min(1)).min(1).max(256).optional(),
  })
  .refine((item) => (item.classes === undefined) !== (item.max === undefined), 'give either max or classes')
  .refine((item) => item.classes === undefined || item.kind === 'weight', 'classes belong to a weight')
  .refine((item) => (item.classes ?? []).every((value, i, all) => i === 0 || all[i - 1]! < value), 'classes ascend');

const stage = z.strictObject({
  name: z.string().min(1).max(64),
  rounds: z.int().min(1),
  tensors: z.array(z.strictObject({ name: z.string().min(1), shape: z.array(z.int().min(0)).max(16) })),
  aux: z.array(auxItem),
});

const aggregation = z.strictObject({
  suite: z.union([z.literal(1), z.literal(2)]).optional(),
  mode: z.enum(['complete', 'graph']).default('complete'),
  graph: z.strictObject({ a1: z.int(), k: z.int(), t: z.int() }).optional(),
  c: z.int().min(0).default(0),
  minSurvivors: z.int().min(1).optional(),
  bits: z.union([z.literal(16), z.literal(20), z.literal(24), z.literal(32)]).default(32),
  chunkElems: z.int().default(2 ** 18),
  scaleLog2: z.int().min(0).max(40).default(16),
  clip: z.number().positive(),
  linf: z.number().positive().optional(),
  rounding: z.enum(['nearest', 'stochastic']).optional(),
  auxSigma2: bigInteger.default('0'),
  groups: z.int().min(2).max(500).optional(),
});

const privacy = z
  .looseObject({
    mechanism: z.enum(['none', 'ddg']),
    unit: z.enum(['tenant', 'record']).optional(),
    sigma2: bigInteger.optional(),
  })
  .refine((p) => p.mechanism === 'ddg' || p.sigma2 === undefined, 'sigma2 without a mechanism')
  .refine(
    (p) => p.mechanism === 'none' || (p.unit !== undefined && p.sigma2 !== undefined),
    'ddg needs unit and sigma2',
  );

const planFileSchema = z.looseObject({
  model: z.looseObject({ digest }),
  code: z.looseObject({ digest }),
  cohort: z.looseObject({ min: z.int().min(2), members: z.array(z.string()).min(2) }),
  task: z.looseObject({}),
  stages: z.array(stage).min(1).max(64),
  aggregation,
  privacy,
  deadlines: z.strictObject({
    advertise: bounds,
    share: bounds,
    masked: bounds,
    consistency: bounds,
    unmask: bounds,
    grace: seconds.default(3600),
  }),
  leaseSeconds: z.int().min(5).max(300).default(20),
});

export type PlanFile = z.infer<typeof planFileSchema>;
export type Stage = PlanFile['stages'][number];

/** A plan file in both readings: checked with defaults, and exactly as written (for the task hash). */
export interface ReadPlanFile {
  readonly file: PlanFile;
  readonly raw: { readonly task: unknown; readonly stages: readonly unknown[] };
}

/** @throws SecaggError `PLAN_FILE` */
export const parsePlanFile: (bytes: Uint8Array) => ReadPlanFile = byContent(checkedPlanFile, 8);

function checkedPlanFile(bytes: Uint8Array): ReadPlanFile {
  const raw = readPlanFile(bytes);
  const parsed = planFileSchema.safeParse(raw);
  if (!parsed.success) throw planFileFault(schemaFault(parsed.error));
  return { file: parsed.data, raw: raw as ReadPlanFile['raw'] };
}
