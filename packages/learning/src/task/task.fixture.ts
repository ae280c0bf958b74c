/** A small valid task; spread it and change what a test is about. */
export const smallTask = {
  kind: 'logistic',
  features: [
    { name: 'speed', kind: 'numeric', min: 0, max: 400, missing: 'mean' },
    { name: 'phase', kind: 'onehot', categories: ['Approach', 'Climb'], reference: 'Taxi' },
  ],
  label: { name: 'damage', positive: 'yes', negative: 'no' },
  split: { testFraction: 0.25, seed: 7 },
  rows: { min: 4, max: 100 },
  standardise: { mode: 'global' },
  localSteps: 20,
  learningRate: 0.5,
  bins: 10,
} as const;
