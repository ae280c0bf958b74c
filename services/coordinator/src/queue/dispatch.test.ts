import { startTestPostgres, type TestPostgres } from '@sumveil/constellation';
import { createLogger, createMetrics } from '@sumveil/telemetry';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CoordinatorError } from '../error.ts';
import { defaultTimings } from '../timings.ts';
import { queueBackend } from './backend.ts';
import { pause, startDispatch } from './dispatch.ts';

const logger = createLogger({ process: 'worker', stream: { write: () => {} } });
let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());

it.each([200, 2_000, 15_000])('24 pauses outlast a killed holder’s lease of %i ms twice', (lease) => {
  const pauses = Array.from({ length: 24 }, (_, i) => pause(i + 1, lease));
  expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(2 * lease);
});

it('gives up after the last try of what fails in itself, never of what passes by itself', async () => {
  const backend = queueBackend((await postgres.fresh()).worker, { logger, timings: defaultTimings });
  const queue = backend.createQueue('rounds');
  const tries = new Map<string, number>();
  const settled: string[] = [];
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const settle = (what: string) => {
    settled.push(what);
    if (settled.length === 2) resolve();
  };
  const dispatch = startDispatch({
    backend,
    logger,
    metrics: createMetrics({ process: 'worker' }),
    timings: { ...defaultTimings, lease: 100 },
    bindings: [
      {
        topic: 'attempt.advance',
        async handle({ ref }) {
          tries.set(ref, (tries.get(ref) ?? 0) + 1);
          if (ref === 'broken') throw new CoordinatorError('CONFLICT', 'the same every time');
          if (tries.get(ref)! < 6) throw new CoordinatorError('DATABASE', 'away for a moment');
          settle(`${ref} done`);
        },
        givenUp: async (ref) => settle(`${ref} given up`),
      },
    ],
  });
  const opts = { attempts: 3, backoff: { type: 'fixed', delay: 10 } };
  await queue.addBulk(['broken', 'passing'].map((ref) => ({ name: 'attempt.advance', data: { ref }, opts })));
  await done;
  await dispatch.stop();
  await queue.close();
  expect(settled.toSorted()).toEqual(['broken given up', 'passing done']);
  expect(Object.fromEntries(tries)).toEqual({ broken: 3, passing: 6 });
});
