import { fastTimings, type StrikeTarget } from '@sumveil/constellation';

/** Of the kernel and of this process, who hear of an end a little later. */
const NOTICE_MS = 2_000;

/** SIGTERM, and its promise (F23): the process finishes or hands back its work and ends with 0 within `shutdown`. */
export async function endInOrder(target: StrikeTarget): Promise<void> {
  const began = performance.now();
  const code = await target.terminate();
  const took = performance.now() - began;
  const most = fastTimings.timings.shutdown;
  if (code !== 0 || took > most + NOTICE_MS)
    throw new Error(`${target.name} ended with ${code} after ${Math.round(took)} ms; in order is 0 within ${most} ms`);
}
