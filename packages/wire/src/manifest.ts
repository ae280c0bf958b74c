import { z } from 'zod';
import { digest, ref } from './scalars.ts';

const seconds = z
  .tuple([z.number().int().min(1).max(86_400), z.number().int().min(1).max(604_800)])
  .refine(([least, most]) => least <= most, 'least seconds must not exceed most');
const name = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'expected 1 to 64 of A-Z a-z 0-9 . _ -');
const bigInt = z.union([z.number().int().min(0), z.string().regex(/^(0|[1-9][0-9]{0,19})$/)]);

const auxItem = z.strictObject({
  name,
  kind: z.enum(['weight', 'count', 'sum']),
  len: z
    .number()
    .int()
    .min(1)
    .max(2 ** 20)
    .optional(),
  scaleLog2: z.number().int().min(0).max(40).optional(),
  max: bigInt.optional(),
  classes: z.array(z.number().int().min(1)).min(1).max(64).optional(),
});

const stage = z.strictObject({
  name,
  rounds: z.number().int().min(1).max(10_000),
  tensors: z.array(
    z.strictObject({ name: z.string().min(1).max(128), shape: z.array(z.number().int().min(1)).max(8) }),
  ),
  aux: z.array(auxItem).max(64),
});

/**
 * The plan file that people approve (learning.md section 1; names as in secure-aggregation.md section 4). Its identity is
 * the digest of its bytes; this schema is what those bytes must say. `task` and `guards` are checked by `@sumveil/learning`.
 */
export const planManifest = z.strictObject({
  name,
  description: z.string().max(1_000).optional(),
  model: z.strictObject({ name, digest }),
  code: z.strictObject({ digest }),
  cohort: z.strictObject({ min: z.number().int().min(2).max(1_000), members: z.array(ref).min(2).max(1_000) }),
  regions: z.array(z.string().regex(/^[A-Za-z0-9-]{1,32}$/)).min(1),
  approvals: z.strictObject({
    roles: z.array(z.enum(['data-steward', 'privacy-officer'])).min(2),
    approvers: z.number().int().min(2).max(100),
  }),
  task: z.record(z.string(), z.unknown()),
  stages: z.array(stage).min(1).max(16),
  aggregation: z.strictObject({
    suite: z.union([z.literal(1), z.literal(2)]).optional(),
    c: z.number().int().min(0).optional(),
    minSurvivors: z.number().int().min(2).optional(),
    mode: z.enum(['complete', 'graph']).optional(),
    graph: z.strictObject({ a1: z.number().int(), k: z.number().int(), t: z.number().int() }).optional(),
    groups: z.number().int().min(2).optional(),
    bits: z.union([z.literal(16), z.literal(20), z.literal(24), z.literal(32)]).optional(),
    chunkElems: z
      .number()
      .int()
      .min(16)
      .max(2 ** 20)
      .optional(),
    scaleLog2: z.number().int().min(0).max(40).optional(),
    clip: z.number().positive().finite(),
    linf: z.number().positive().finite().optional(),
    rounding: z.enum(['nearest', 'stochastic']).optional(),
    auxSigma2: bigInt.optional(),
  }),
  privacy: z.strictObject({
    mechanism: z.enum(['none', 'ddg', 'skellam']),
    unit: z.enum(['tenant', 'record']).optional(),
    sigma2: bigInt.optional(),
    epsilonTotal: z.number().min(0).optional(),
    deltaInv: bigInt.optional(),
  }),
  deadlines: z.strictObject({
    advertise: seconds,
    share: seconds,
    masked: seconds,
    consistency: seconds,
    unmask: seconds,
    grace: z.number().int().min(1).max(604_800).optional(),
  }),
  leaseSeconds: z.number().int().min(5).max(300).optional(),
  guards: z.record(z.string(), z.unknown()).optional(),
});
export type PlanManifest = z.infer<typeof planManifest>;

/** Faults of a plan in the order of the file, each with its path; empty when it is valid. */
export function manifestFaults(value: unknown): { path: string; message: string }[] {
  const parsed = planManifest.safeParse(value);
  if (parsed.success) return unsupported(parsed.data);
  return parsed.error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: [...path, key].join('.'), message: 'unknown field' }));
    }
    return [{ path: path.join('.'), message: issue.message }];
  });
}

/** What the specification knows and this release does not run yet: refused, never ignored. */
function unsupported(plan: PlanManifest): { path: string; message: string }[] {
  const faults: { path: string; message: string }[] = [];
  const refuse = (path: string, message: string) =>
    faults.push({ path, message: `${message} is not supported by this release` });
  if (plan.aggregation.mode === 'graph') refuse('aggregation.mode', 'graph mode');
  if (plan.aggregation.groups !== undefined) refuse('aggregation.groups', 'grouped aggregation');
  if (plan.aggregation.bits !== undefined && plan.aggregation.bits !== 32)
    refuse('aggregation.bits', 'a ring other than 32 bits');
  if (plan.aggregation.rounding === 'stochastic') refuse('aggregation.rounding', 'stochastic rounding');
  if (plan.aggregation.auxSigma2 !== undefined && BigInt(plan.aggregation.auxSigma2) !== 0n)
    refuse('aggregation.auxSigma2', 'noise on auxiliary sums');
  if (plan.privacy.mechanism !== 'none') refuse('privacy.mechanism', 'differential privacy');
  return faults;
}
