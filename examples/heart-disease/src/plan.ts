import { evaluateStage, initialModel, type Stage, type TrainTask, trainStage } from '@sumveil/learning';
import { digestOf } from '@sumveil/wire';
import { stringify } from 'yaml';
import { heartTask } from './task.ts';

export interface HeartPlanInput {
  /** The four hospitals: sixteen characters each. */
  readonly tenantRefs: readonly string[];
  /** `sha256:<hex>` of the training code (`builtinCodeDigest()`). */
  readonly codeDigest: string;
  readonly rounds?: number;
  readonly regions?: readonly string[];
  /** A last round that evaluates the final model; default true. */
  readonly evaluate?: boolean;
}

export interface PlanWithModel {
  readonly yaml: string;
  readonly model: Uint8Array;
}

/** Steps of 2^-24; a clip of 32 is far above any gradient here (norm below 2), so nothing is ever clipped. */
export const HEART_AGGREGATION = { mode: 'complete', bits: 32, scaleLog2: 24, clip: 32, rounding: 'nearest' } as const;

/** Largest number of train rows that the exact weights allow; Cleveland has 199. */
const WEIGHT_MAX = 256;

export function heartStages(task: TrainTask, rounds: number, evaluate = true): Stage[] {
  const train = trainStage(task, rounds, { max: WEIGHT_MAX });
  return evaluate ? [train, evaluateStage(task)] : [train];
}

/** The plan file of the four hospitals. Exact weights: the plan says so, and status page and command line must, too. */
export function heartPlan(input: HeartPlanInput): PlanWithModel {
  const task = heartTask();
  const model = initialModel(task);
  const plan = {
    name: 'heart-disease-fedsgd',
    description: 'Heart disease from thirteen findings, four hospitals, UCI dataset 45. FedSGD with exact row weights.',
    model: { name: 'heart-disease', digest: digestOf(model) },
    code: { digest: input.codeDigest },
    cohort: { min: input.tenantRefs.length, members: [...input.tenantRefs] },
    regions: [...(input.regions ?? ['US', 'EU'])],
    approvals: { roles: ['data-steward', 'privacy-officer'], approvers: 4 },
    task,
    stages: heartStages(task, input.rounds ?? 30, input.evaluate ?? true),
    aggregation: HEART_AGGREGATION,
    privacy: { mechanism: 'none' },
    deadlines: {
      advertise: [1, 60],
      share: [1, 60],
      masked: [1, 120],
      consistency: [1, 60],
      unmask: [1, 60],
      grace: 600,
    },
    leaseSeconds: 20,
  };
  return { yaml: stringify(plan, { aliasDuplicateObjects: false, lineWidth: 0 }), model };
}
