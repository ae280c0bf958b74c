import { once } from 'node:events';
import { createLogger } from '@sumveil/telemetry';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestPostgres, type TestPostgres } from '../../../../tests/constellation/postgres.ts';
import { timings } from '../timings.ts';
import { queueBackend } from './backend.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);
afterAll(() => postgres.stop());

it('a queue whose tables were dropped has them again, and its worker goes on (F4)', async () => {
  const urls = await postgres.fresh();
  const lines: string[] = [];
  const logger = createLogger({ process: 'worker', stream: { write: (line) => lines.push(line) } });
  const backend = queueBackend(urls.worker, { logger, timings: timings.parse({ jobStalled: 500 }) });
  const queue = backend.createQueue('rounds');
  const worker = backend.createWorker('rounds', async () => {});
  const owner = new Client({ connectionString: urls.superuser });
  try {
    await owner.connect();
    await queue.add('round.open', { ref: 'before' }, { jobId: 'ob-1' });
    await once(worker, 'completed');
    await owner.query('DROP SCHEMA bullmq CASCADE');
    await expect(queue.add('round.open', { ref: 'lost' }, { jobId: 'ob-2' })).rejects.toThrow();
    await expect.poll(() => lines.some((line) => line.includes('SCHEMA_REBUILT')), { timeout: 20_000 }).toBe(true);
    const done = once(worker, 'completed');
    await queue.add('round.open', { ref: 'after' }, { jobId: 'ob-3' });
    const [job] = (await done) as [{ data: { ref: string } }];
    expect(job.data.ref).toBe('after');
  } finally {
    await owner.end();
    await worker.close();
    await queue.close();
  }
});
