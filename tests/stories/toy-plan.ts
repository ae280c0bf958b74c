import { evaluateStage, initialModel, parseTask, statisticsStage, type TrainTask, trainStage } from '@sumveil/learning';
import { builtinCodeDigest } from '@sumveil/trainers';
import { digestOf } from '@sumveil/wire';
import { stringify } from 'yaml';

export interface ToyPlan {
  readonly yaml: string;
  readonly model: Uint8Array;
  readonly planDigest: string;
}

export interface ToyPlanOptions {
  readonly name?: string;
  readonly trainRounds?: number;
  readonly minCohort?: number;
  readonly maxRows?: number;
  readonly leaseSeconds?: number;
  /** Changes whatever it likes in the plan before it is written. */
  readonly alter?: (plan: Record<string, unknown>) => unknown;
}

export function toyTask(maxRows = 4_096): TrainTask {
  return parseTask({
    kind: 'logistic',
    dtype: 'F64',
    init: 'zeros',
    features: [
      { name: 'load', kind: 'numeric', min: 0, max: 10 },
      { name: 'side', kind: 'onehot', categories: ['left'], reference: 'right' },
    ],
    label: { name: 'broken', positive: 'yes', negative: 'no' },
    split: { testFraction: 0.25, seed: 3 },
    rows: { min: 10, max: maxRows },
    standardise: { mode: 'global', columns: 'numeric', ddof: 0, epsilon: 1e-9 },
    strategy: { name: 'fedavg', serverLearningRate: 1 },
    localSteps: 5,
    batch: 'full',
    learningRate: 0.5,
    l2: 0,
    seed: 1,
    bins: 32,
  });
}

/** Statistics, some training rounds, one evaluation. */
export async function toyPlan(members: readonly string[], o: ToyPlanOptions = {}): Promise<ToyPlan> {
  const task = toyTask(o.maxRows);
  const model = initialModel(task);
  const classes = [16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384];
  const plan = {
    name: o.name ?? 'toy',
    model: { name: o.name ?? 'toy', digest: digestOf(model) },
    code: { digest: await builtinCodeDigest() },
    cohort: { min: o.minCohort ?? members.length - 1, members: [...members] },
    regions: ['EU'],
    approvals: { roles: ['data-steward', 'privacy-officer'], approvers: 4 },
    task,
    stages: [statisticsStage(task), trainStage(task, o.trainRounds ?? 2, { classes }), evaluateStage(task)],
    aggregation: { mode: 'complete', bits: 32, scaleLog2: 20, clip: 10, rounding: 'nearest' },
    privacy: { mechanism: 'none' },
    deadlines: {
      advertise: [1, 60],
      share: [1, 60],
      masked: [1, 60],
      consistency: [1, 60],
      unmask: [1, 60],
      grace: 600,
    },
    leaseSeconds: o.leaseSeconds ?? 8,
  };
  const yaml = stringify(o.alter?.(plan) ?? plan, { aliasDuplicateObjects: false, lineWidth: 0 });
  return { yaml, model, planDigest: digestOf(Buffer.from(yaml)) };
}
