import { z } from 'zod';
import { LearningError } from '../error.ts';
import { schemaFaults } from './fault.ts';

/** `P.task` of a plan file: model, features and label contract, optimiser. Unknown fields are faults (learning.md 1). */
const name = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/, 'use a letter, then letters, digits, _ . - (at most 64)');
const finite = z.number().refine(Number.isFinite, 'must be finite');
const cell = z.string().min(1).max(64);

const numericFeature = z.strictObject({
  name,
  kind: z.literal('numeric'),
  /** Public range: a value outside is a fault of the data. The statistics stage maps it to [-1, 1]. */
  min: finite,
  max: finite,
  /** `mean` puts an empty cell at the mean of the column; needs standardisation. */
  missing: z.enum(['refuse', 'mean']).default('refuse'),
});

const onehotFeature = z.strictObject({
  name,
  kind: z.literal('onehot'),
  /** One column each, in this order. */
  categories: z.array(cell).min(1).max(256),
  /** A further allowed value whose columns are all zero. */
  reference: cell.optional(),
});

const label = z.union([
  z.strictObject({ name, positive: cell, negative: cell }),
  z.strictObject({ name, min: finite, max: finite }),
]);

const split = z.union([
  /** Stratified by class for binary labels; drawn by each tenant from its own rows. */
  z.strictObject({ testFraction: z.number().gt(0).lt(1), seed: z.int().min(0) }),
  /** The file says `train` or `test` in this column. */
  z.strictObject({ column: name }),
]);

const standardise = z.strictObject({
  mode: z.enum(['none', 'local', 'global']),
  columns: z.enum(['all', 'numeric']).default('all'),
  ddof: z.union([z.literal(0), z.literal(1)]).default(0),
  epsilon: z.number().min(0).max(1).default(0),
});

const fields = z.strictObject({
  kind: z.enum(['linear', 'logistic', 'mlp']),
  dtype: z.enum(['F32', 'F64']).default('F64'),
  init: z.enum(['zeros', 'seeded']).default('zeros'),
  hidden: z.array(z.int().min(1).max(4096)).min(1).max(8).optional(),
  activation: z.enum(['tanh', 'relu']).optional(),
  features: z
    .array(z.discriminatedUnion('kind', [numericFeature, onehotFeature]))
    .min(1)
    .max(1024),
  label,
  split,
  /** Rows of one tenant, train and test together. */
  rows: z.strictObject({
    min: z.int().min(1).default(1),
    max: z
      .int()
      .min(1)
      .max(2 ** 31),
  }),
  allowOneClass: z.boolean().default(false),
  standardise: standardise.default({ mode: 'none', columns: 'all', ddof: 0, epsilon: 0 }),
  strategy: z
    .strictObject({ name: z.enum(['fedavg', 'fedsgd']), serverLearningRate: z.number().gt(0).max(100).default(1) })
    .default({ name: 'fedavg', serverLearningRate: 1 }),
  localSteps: z.int().min(1).max(100_000),
  batch: z.union([z.literal('full'), z.int().min(1)]).default('full'),
  learningRate: z.number().gt(0).max(1000),
  l2: z.number().min(0).max(1000).default(0),
  seed: z.int().min(0).default(0),
  bins: z.int().min(2).max(65536).default(512),
});

export const trainTask = fields.superRefine((task, context) => {
  for (const { path, message } of contradictions(task)) context.addIssue({ code: 'custom', path, message });
});
export type TrainTask = z.output<typeof trainTask>;
export type Feature = TrainTask['features'][number];

interface Contradiction {
  path: (string | number)[];
  message: string;
}

function contradictions(task: z.output<typeof fields>): Contradiction[] {
  return [...featureFaults(task), ...modelFaults(task), ...rowFaults(task)];
}

function featureFaults(task: z.output<typeof fields>): Contradiction[] {
  const faults: Contradiction[] = [];
  const seen = new Set<string>([task.label.name, ...('column' in task.split ? [task.split.column] : [])]);
  task.features.forEach((feature, i) => {
    const path = ['features', i];
    if (seen.has(feature.name))
      faults.push({ path: [...path, 'name'], message: `column ${feature.name} is used twice` });
    seen.add(feature.name);
    if (feature.kind === 'numeric') {
      if (feature.min >= feature.max) faults.push({ path: [...path, 'max'], message: 'must be above min' });
      if (feature.missing === 'mean' && task.standardise.mode === 'none') {
        faults.push({ path: [...path, 'missing'], message: '`mean` needs standardise.mode local or global' });
      }
    } else {
      const values = [...feature.categories, ...(feature.reference === undefined ? [] : [feature.reference])];
      if (new Set(values).size !== values.length) {
        faults.push({ path: [...path, 'categories'], message: 'categories and reference must be distinct' });
      }
    }
  });
  return faults;
}

function modelFaults(task: z.output<typeof fields>): Contradiction[] {
  const faults: Contradiction[] = [];
  const binary = task.kind !== 'linear';
  if (binary !== 'positive' in task.label) {
    const message = binary ? 'needs positive and negative' : 'needs min and max: linear predicts a number';
    faults.push({ path: ['label'], message: `${task.kind} ${message}` });
  }
  if ('positive' in task.label && task.label.positive === task.label.negative) {
    faults.push({ path: ['label', 'negative'], message: 'must differ from positive' });
  }
  if ('min' in task.label && task.label.min >= task.label.max) {
    faults.push({ path: ['label', 'max'], message: 'must be above min' });
  }
  for (const field of ['hidden', 'activation'] as const) {
    if ((task.kind === 'mlp') !== (task[field] !== undefined)) {
      faults.push({ path: [field], message: task.kind === 'mlp' ? 'mlp needs it' : `${task.kind} has none` });
    }
  }
  if (task.kind === 'mlp' && task.init === 'zeros') {
    faults.push({ path: ['init'], message: 'an mlp that starts at zero cannot learn: use seeded' });
  }
  return faults;
}

function rowFaults(task: z.output<typeof fields>): Contradiction[] {
  const faults: Contradiction[] = [];
  if (task.rows.min > task.rows.max) faults.push({ path: ['rows', 'max'], message: 'must not be below min' });
  if (task.strategy.name === 'fedsgd' && (task.localSteps !== 1 || task.batch !== 'full')) {
    faults.push({ path: ['strategy', 'name'], message: 'fedsgd is one full-batch step: localSteps 1, batch full' });
  }
  return faults;
}

/** Throws TASK with every fault and its path. */
export function parseTask(value: unknown): TrainTask {
  const result = trainTask.safeParse(value);
  if (result.success) return result.data;
  const list = schemaFaults('task', result.error).map(({ path, message }) => `${path}: ${message}`);
  throw new LearningError('TASK', `The plan's task cannot be used:\n${list.join('\n')}`);
}
