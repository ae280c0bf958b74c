import { parseTask, type TrainTask } from '@sumveil/learning';

/**
 * FedSGD for the identity with centralised gradient descent: zero start, one full-batch gradient a round, server rate 0.1,
 * exact row weights. Columns in FLamby's order, standardised by each hospital's own train rows (ddof 1, epsilon 1e-9).
 * Zurich's train rows have one class only, hence `allowOneClass`.
 */
export function heartTask(): TrainTask {
  return parseTask({
    kind: 'logistic',
    dtype: 'F64',
    init: 'zeros',
    features: [
      { name: 'age', kind: 'numeric', min: 0, max: 120 },
      { name: 'sex', kind: 'numeric', min: 0, max: 1 },
      { name: 'trestbps', kind: 'numeric', min: 0, max: 300 },
      { name: 'chol', kind: 'numeric', min: 0, max: 700 },
      { name: 'fbs', kind: 'numeric', min: 0, max: 1 },
      { name: 'thalach', kind: 'numeric', min: 0, max: 250 },
      { name: 'exang', kind: 'numeric', min: 0, max: 1 },
      { name: 'oldpeak', kind: 'numeric', min: -10, max: 10 },
      { name: 'cp', kind: 'onehot', categories: ['2', '3', '4'], reference: '1' },
      { name: 'restecg', kind: 'onehot', categories: ['1', '2'], reference: '0' },
    ],
    label: { name: 'disease', positive: 'yes', negative: 'no' },
    split: { column: 'split' },
    rows: { min: 20, max: 1024 },
    allowOneClass: true,
    standardise: { mode: 'local', columns: 'all', ddof: 1, epsilon: 1e-9 },
    strategy: { name: 'fedsgd', serverLearningRate: 1 },
    localSteps: 1,
    batch: 'full',
    learningRate: 0.1,
    l2: 0,
    seed: 42,
    bins: 256,
  });
}
