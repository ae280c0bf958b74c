import { afterAll, beforeAll, describe } from 'vitest';
import { f11 } from './f11-torn-upload.ts';
import { f12 } from './f12-late-upload.ts';
import { f15 } from './f15-slow-clients.ts';
import { f16 } from './f16-hostile-bodies.ts';
import { f22 } from './f22-impossible-input.ts';
import { type InputWorld, startInputWorld } from './input-world.ts';

/** One constellation, and one run of it whose rounds meet the faults one after the other. */
describe('faults of what comes in (governance 9)', { timeout: 120_000 }, () => {
  let world: InputWorld;
  const the = () => world;

  beforeAll(async () => {
    world = await startInputWorld();
  }, 240_000);

  afterAll(() => world?.stop(), 60_000);

  f11(the);
  f12(the);
  f16(the);
  f15(the);
  describe('after the run', () => {
    beforeAll(async () => {
      await world.world.watch(world.runId);
    }, 240_000);
    f22(the);
  });
});
