import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parsePlan } from '@sumveil/secagg';
import { decodeSigned, digestOf, sha256, toBase64url } from '@sumveil/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Site } from '../site.ts';
import { NO_MANIFEST } from '../state/attempts.ts';
import { openState, type State } from '../state/state.ts';
import { argsFor, goodParts, NOW, RUN, rawMaterial } from '../testing/material.ts';
import { baseModel } from '../testing/plan.ts';
import { learningOf } from './learning-of.ts';

const parts = goodParts();
const other = Buffer.from('a model of the coordinator’s own making');

let folder: string;
let state: State;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sumveil-learning-'));
  state = openState(folder);
});
afterEach(() => {
  state.close();
  rmSync(folder, { recursive: true });
});

/** A round that this connector did not join, on this model. */
function learningFrom(model: Buffer) {
  const args = argsFor(NOW, toBase64url(sha256(model)), { round: 2 });
  const plan = parsePlan(decodeSigned(rawMaterial({ ...parts, args }).plan).body);
  const call = async (name: string) => (name === 'runPlan' ? parts.planFile : model);
  return learningOf({ state, client: { call } } as unknown as Site, plan);
}

const finished = (model: Buffer, planDigest = parts.grant.planDigest) =>
  state.attempts.finish(RUN, {
    round: 1,
    previous: NO_MANIFEST,
    manifest: 'm1',
    planDigest,
    model: digestOf(model),
  });

describe('a round that was missed', () => {
  it('starts from the base model, or from the model that the last sum leads to', async () => {
    expect((await learningFrom(baseModel)).model).toEqual(baseModel);
    finished(other);
    expect((await learningFrom(other)).model).toEqual(other);
  });

  it('is refused on any other model: later rounds would continue from it', async () => {
    await expect(learningFrom(other)).rejects.toMatchObject({ code: 'RESULT_REFUSED' });
    finished(other);
    await expect(learningFrom(baseModel)).rejects.toMatchObject({ code: 'RESULT_REFUSED' });
  });

  it('is refused under another plan file than the rounds before', async () => {
    finished(baseModel, digestOf(Buffer.from('another plan')));
    await expect(learningFrom(baseModel)).rejects.toMatchObject({ code: 'RESULT_REFUSED' });
  });
});
