import { createHash } from 'node:crypto';
import { checkPlanLearning } from '@sumveil/learning';
import { readPlanFile } from '@sumveil/secagg';
import { builtinCodeDigest } from '@sumveil/trainers';
import { manifestFaults, type PlanManifest } from '@sumveil/wire';
import { beforeAll, describe, expect, it } from 'vitest';
import { birdstrikesPlan } from './plan.ts';

const tenantRefs = Array.from('abcdefghij', (letter) => letter.repeat(16));
let codeDigest: string;

beforeAll(async () => {
  codeDigest = await builtinCodeDigest();
});

describe('plan of the bird strikes', () => {
  it('is valid in itself and for learning, and pins model and code', () => {
    const { yaml, model } = birdstrikesPlan({ tenantRefs, codeDigest });
    const plan = readPlanFile(Buffer.from(yaml)) as PlanManifest;
    expect(manifestFaults(plan)).toEqual([]);
    expect(checkPlanLearning(plan)).toEqual([]);
    expect(plan.model.digest).toBe(`sha256:${createHash('sha256').update(model).digest('hex')}`);
    expect(plan.code.digest).toBe(codeDigest);
    expect(plan.stages.map(({ name, rounds }) => `${name} ${rounds}`)).toEqual([
      'statistics 1',
      'train 8',
      'evaluate 1',
    ]);
  });

  it('has no anchors, and the same bytes each time', () => {
    const { yaml } = birdstrikesPlan({ tenantRefs, codeDigest });
    expect(yaml).not.toMatch(/[&*]a\d/);
    expect(birdstrikesPlan({ tenantRefs, codeDigest }).yaml).toBe(yaml);
  });
});
