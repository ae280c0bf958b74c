import { z } from 'zod';
import { summedColumns } from './columns.ts';
import { modelTensors } from './model.ts';
import type { TrainTask } from './schema.ts';

/** A stage of a plan file (secure-aggregation.md section 4), as learning reads it. */
export const stage = z.strictObject({
  name: z.string().min(1).max(64),
  rounds: z.int().min(1),
  tensors: z.array(z.strictObject({ name: z.string(), shape: z.array(z.int().min(1)) })),
  aux: z.array(
    z.strictObject({
      name: z.string(),
      kind: z.enum(['weight', 'count', 'sum']),
      len: z.int().min(1).optional(),
      scaleLog2: z.int().min(0).max(40).optional(),
      max: z.union([z.int().min(1), z.string().regex(/^[1-9][0-9]{0,18}$/)]).optional(),
      classes: z.array(z.int().min(1)).min(1).optional(),
    }),
  ),
});
export type Stage = z.output<typeof stage>;
export type AuxSpec = Stage['aux'][number];
export type StageKind = 'statistics' | 'train' | 'evaluate';
export type WeightSpec = { classes: number[] } | { max: number };

/** Named `statistics`: sums for standardisation. Without tensors: evaluation. Anything else trains. */
export function stageKind(value: Pick<Stage, 'name' | 'tensors'>): StageKind {
  if (value.name === 'statistics') return 'statistics';
  return value.tensors.length === 0 ? 'evaluate' : 'train';
}

/**
 * Fixed point of the sums. Columns of the statistics stage lie in [-1, 1] (public range), so a tenant's sum is within
 * rows.max x 2^30 and off by at most 2^-31: the variance, a difference of sums, keeps about 2^-30 of the squared half
 * range even when the spread is a thousandth of it. Losses are capped per row at LOSS_CAP, so no sum is ever clamped.
 * 64-bit ring: n x rows.max < 2^33 for statistics and < 2^37 for losses.
 */
const STATISTICS_SCALE = 30;
const LOSS_SCALE = 20;
/** Largest loss counted for one row, in nats; for linear the largest squared error in units of the label's range squared. */
export const LOSS_CAP = 64;

/** The aux items a stage of this kind must have, in order, without `weight`. */
export function stageAux(task: TrainTask, kind: StageKind): AuxSpec[] {
  const rows = task.rows.max;
  if (kind === 'statistics') {
    const len = summedColumns(task).length;
    const max = fixed(rows, STATISTICS_SCALE);
    return [
      { name: 'featureCount', kind: 'count', len, max: String(rows) },
      { name: 'featureSum', kind: 'sum', len, scaleLog2: STATISTICS_SCALE, max },
      { name: 'featureSquares', kind: 'sum', len, scaleLog2: STATISTICS_SCALE, max },
    ];
  }
  const count = { kind: 'count' as const, len: 1, max: String(rows) };
  const loss = { kind: 'sum' as const, len: 1, scaleLog2: LOSS_SCALE, max: fixed(rows * LOSS_CAP, LOSS_SCALE) };
  const both: AuxSpec[] = [
    { name: 'trainRows', ...count },
    { name: 'trainLoss', ...loss },
    { name: 'testRows', ...count },
    { name: 'testLoss', ...loss },
  ];
  if (task.kind === 'linear') return both;
  return [
    ...both,
    { name: 'testCorrect', ...count },
    { name: 'testPositives', ...count, len: task.bins },
    { name: 'testNegatives', ...count, len: task.bins },
  ];
}

function fixed(bound: number, scaleLog2: number): string {
  return (BigInt(bound) << BigInt(scaleLog2)).toString();
}

/** Stages for plan builders. The statistics stage belongs first, and only with `standardise: global`. */
export function statisticsStage(task: TrainTask): Stage {
  return { name: 'statistics', rounds: 1, tensors: [], aux: stageAux(task, 'statistics') };
}

export function trainStage(task: TrainTask, rounds: number, weight?: WeightSpec): Stage {
  const first: AuxSpec[] = weight === undefined ? [] : [{ name: 'weight', kind: 'weight', ...weight }];
  const tensors = modelTensors(task).map(({ name, shape }) => ({ name, shape: [...shape] }));
  return { name: 'train', rounds, tensors, aux: [...first, ...stageAux(task, 'train')] };
}

export function evaluateStage(task: TrainTask): Stage {
  return { name: 'evaluate', rounds: 1, tensors: [], aux: stageAux(task, 'evaluate') };
}
