import { createHash } from 'node:crypto';
import { initialModel, parseTask, statisticsStage, trainStage } from '@sumveil/learning';
import { builtinCodeDigest } from '@sumveil/trainers';
import { digestOf } from '@sumveil/wire';

const taskFields = {
  kind: 'logistic',
  features: [
    { name: 'speed', kind: 'numeric', min: 0, max: 100 },
    { name: 'phase', kind: 'onehot', categories: ['climb', 'approach'], reference: 'parked' },
  ],
  label: { name: 'damage', positive: 'yes', negative: 'no' },
  split: { testFraction: 0.25, seed: 7 },
  rows: { min: 20, max: 4096 },
  standardise: { mode: 'global', columns: 'numeric', epsilon: 1e-9 },
  localSteps: 5,
  learningRate: 0.5,
  bins: 16,
};

export const CODE_DIGEST = await builtinCodeDigest();
export const task = parseTask(taskFields);
export const baseModel = Buffer.from(initialModel(task));

/** A plan file for these tenants: statistics, then training. JSON is YAML. */
export function planFile(
  members: readonly string[],
  o: { rounds?: number; change?: (plan: Record<string, unknown>) => void } = {},
): Buffer {
  const plan: Record<string, unknown> = {
    name: 'test-plan',
    model: { name: 'bird', digest: digestOf(baseModel) },
    code: { digest: CODE_DIGEST },
    cohort: { min: Math.min(5, members.length), members },
    regions: ['eu'],
    approvals: { roles: ['data-steward', 'privacy-officer'], approvers: 2 },
    task: taskFields,
    stages: [statisticsStage(task), trainStage(task, o.rounds ?? 2, { classes: [16, 32, 64, 128, 256] })],
    aggregation: { clip: 10, chunkElems: 16 },
    privacy: { mechanism: 'none' },
    deadlines: {
      advertise: [1, 60],
      share: [1, 60],
      masked: [1, 60],
      consistency: [1, 60],
      unmask: [1, 60],
    },
  };
  o.change?.(plan);
  return Buffer.from(JSON.stringify(plan));
}

/** Rows of one tenant; the same seed gives the same rows. */
export function csvOf(seed: number, rows = 80): string {
  const lines = ['speed,phase,damage'];
  for (let i = 0; i < rows; i++) {
    const hash = createHash('sha256').update(`${seed} ${i}`).digest();
    const speed = (hash.readUInt16LE(0) / 65_536) * 100;
    const phase = ['climb', 'approach', 'parked'][hash[2]! % 3];
    lines.push(`${speed.toFixed(3)},${phase},${speed + (hash[3]! / 256) * 60 > 80 ? 'yes' : 'no'}`);
  }
  return `${lines.join('\n')}\n`;
}
