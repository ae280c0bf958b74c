import { createLogger, createMetrics } from '@sumveil/telemetry';
import type { Database } from '../db/client.ts';
import type { Deps } from '../deps.ts';
import { defaultTimings } from '../timings.ts';

/** What listeners need of Deps, over a real database; log and signer are not reached by the tests that use it. */
export function testDeps(db: Database, lines: string[] = []): Deps {
  const stopping = new AbortController();
  return {
    config: { trustDomain: 'sumveil.test', logOrigin: 'log.sumveil.test', signerPublicFile: '/nowhere' },
    timings: { ...defaultTimings, longPoll: 200 },
    db,
    clock: { now: Date.now },
    logger: createLogger({ process: 'api', stream: { write: (line) => lines.push(line) } }),
    metrics: createMetrics({ process: 'api' }),
    stopping: stopping.signal,
  } as unknown as Deps;
}
