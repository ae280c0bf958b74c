import { parseTask, type Table, type TrainTask } from '@sumveil/learning';
import { type Dataset, tableDataset } from './index.ts';

export const columns = ['speed', 'phase', 'damage'];

export const taskValue = {
  kind: 'logistic',
  features: [
    { name: 'speed', kind: 'numeric', min: 0, max: 400, missing: 'mean' },
    { name: 'phase', kind: 'onehot', categories: ['Approach', 'Climb'], reference: 'Taxi' },
  ],
  label: { name: 'damage', positive: 'yes', negative: 'no' },
  split: { testFraction: 0.25, seed: 7 },
  rows: { min: 4, max: 1000 },
  standardise: { mode: 'local' },
  localSteps: 5,
  learningRate: 0.5,
  bins: 16,
} as const;

/** Made-up strikes: faster climbs do more damage, every seventh speed is missing. */
export function strikes(rows: number, from = 0): Table {
  return {
    columns,
    rows: Array.from({ length: rows }, (_, i) => {
      const speed = 50 + ((37 * (i + from)) % 300);
      const phase = ['Approach', 'Climb', 'Taxi'][(i + from) % 3] as string;
      const damage = speed + (phase === 'Climb' ? 80 : 0) + ((61 * (i + from)) % 97) > 300 ? 'yes' : 'no';
      return [(i + from) % 7 === 0 ? '' : String(speed), phase, damage];
    }),
  };
}

export function tenant(task: TrainTask = parseTask(taskValue), rows = 90, from = 0): Dataset {
  return tableDataset(strikes(rows, from), task, 'sha256:test');
}
