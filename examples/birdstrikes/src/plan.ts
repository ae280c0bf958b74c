import {
  evaluateStage,
  initialModel,
  type Stage,
  statisticsStage,
  type TrainTask,
  trainStage,
} from '@sumveil/learning';
import { digestOf } from '@sumveil/wire';
import { stringify } from 'yaml';
import { birdstrikesTask, ROUNDS } from './task.ts';

export interface BirdstrikesPlanInput {
  /** Eligible tenants: sixteen characters each. */
  readonly tenantRefs: readonly string[];
  /** `sha256:<hex>` of the training code (`builtinCodeDigest()`). */
  readonly codeDigest: string;
  /** Least tenants a grant may name; default all but one. */
  readonly minCohort?: number;
  readonly regions?: readonly string[];
  readonly task?: TrainTask;
  /** Rounds of the training stage; default 8. */
  readonly trainRounds?: number;
}

export interface PlanWithModel {
  /** Bytes to submit; their SHA-256 is the plan digest. */
  readonly yaml: string;
  /** Base model artifact, to be uploaded before the plan is submitted. */
  readonly model: Uint8Array;
}

/** The plan file of the demo (secure-aggregation.md section 4). Same input, same bytes. */
export function birdstrikesPlan(input: BirdstrikesPlanInput): PlanWithModel {
  const task = input.task ?? birdstrikesTask();
  const model = initialModel(task);
  const members = [...input.tenantRefs];
  const plan = {
    name: 'birdstrike-damage',
    description: 'Does a wildlife strike damage the aircraft? FAA records of airlines.',
    model: { name: 'birdstrike-damage', digest: digestOf(model) },
    code: { digest: input.codeDigest },
    cohort: { min: input.minCohort ?? Math.max(2, members.length - 1), members },
    regions: [...(input.regions ?? ['US'])],
    approvals: { roles: ['data-steward', 'privacy-officer'], approvers: 4 },
    task,
    stages: birdstrikesStages(task, input.trainRounds),
    aggregation: BIRDSTRIKES_AGGREGATION,
    privacy: { mechanism: 'none' },
    deadlines: {
      advertise: [1, 60],
      share: [1, 60],
      masked: [1, 120],
      consistency: [1, 60],
      unmask: [1, 60],
      grace: 600,
    },
    leaseSeconds: 5,
  };
  return { yaml: stringify(plan, { aliasDuplicateObjects: false, lineWidth: 0 }), model };
}

/** Clip 10 is far above the norm of a round's update (below 2): it bounds a broken tenant, it never bites here. */
export const BIRDSTRIKES_AGGREGATION = {
  mode: 'complete',
  bits: 32,
  scaleLog2: 20,
  clip: 10,
  rounding: 'nearest',
} as const;

/** Statistics first, then training rounds weighted by public size classes of train rows, one evaluation of the last model. */
export function birdstrikesStages(task: TrainTask, trainRounds = ROUNDS): Stage[] {
  return [
    statisticsStage(task),
    trainStage(task, trainRounds, { classes: [64, 128, 256, 512, 1024, 2048] }),
    evaluateStage(task),
  ];
}
