import type { TrainTask } from '@sumveil/learning';
import { parseTask } from '@sumveil/learning';
import { AIRCRAFT, GROUND, OTHER, PHASES, SEASON_NAMES, SIZES, SPECIES, TIMES } from './categories.ts';

export const ROUNDS = 8;
/** Seed of the split that the demo shows. */
export const SPLIT_SEED = 11;

/**
 * `task` of the plan: logistic regression on 44 columns; 20 full-batch local steps at 0.5 a round. Every column is
 * standardised, with epsilon 0.1 on the deviation: without it a category with few rows becomes a column of values above 20,
 * which local steps overfit and the mean then drags along (the gap to pooled trebles).
 */
export function birdstrikesTask(splitSeed = SPLIT_SEED): TrainTask {
  return parseTask({
    kind: 'logistic',
    dtype: 'F64',
    init: 'zeros',
    features: [
      { name: 'speed', kind: 'numeric', min: 0, max: 400, missing: 'mean' },
      { name: 'speedKnown', kind: 'onehot', categories: ['no'], reference: 'yes' },
      { name: 'phase', kind: 'onehot', categories: PHASES, reference: GROUND },
      { name: 'size', kind: 'onehot', categories: SIZES },
      { name: 'time', kind: 'onehot', categories: TIMES },
      { name: 'season', kind: 'onehot', categories: SEASON_NAMES },
      { name: 'aircraft', kind: 'onehot', categories: [...AIRCRAFT.map(({ family }) => family), OTHER] },
      { name: 'species', kind: 'onehot', categories: SPECIES, reference: OTHER },
    ],
    label: { name: 'damage', positive: 'yes', negative: 'no' },
    split: { testFraction: 0.4, seed: splitSeed },
    rows: { min: 50, max: 4096 },
    standardise: { mode: 'global', columns: 'all', ddof: 0, epsilon: 0.1 },
    strategy: { name: 'fedavg', serverLearningRate: 1 },
    localSteps: 20,
    batch: 'full',
    learningRate: 0.5,
    l2: 0.003,
    seed: 1,
    bins: 512,
  });
}
