import { errorCode } from '@sumveil/telemetry';
import type { Task } from '@sumveil/wire';
import { pause } from '../pause.ts';
import type { Site } from '../site.ts';
import { AttemptTable } from './attempt.ts';
import { dispatch } from './dispatch.ts';
import { KnownTasks } from './known-tasks.ts';
import { SerialQueues } from './serial-queues.ts';

/**
 * Polls for tasks and hands them on without waiting for them, so that a poll is open while the connector trains: the
 * coordinator then knows it as present (secure-aggregation section 10).
 */
export async function taskLoop(site: Site): Promise<void> {
  const { client, rosters, board, logger, now, stopping, timings } = site;
  const table = new AttemptTable();
  const queues = new SerialQueues();
  const known = new KnownTasks();
  const resultsOf = (runId: string) => `result ${runId}`;
  const results = (runId: string) => Promise.race([queues.done(resultsOf(runId)), pause(timings.settle, stopping)]);
  const beside = (key: string, work: () => Promise<void>) => queues.add(key, work);
  const deps = { site, table, results, beside };
  while (!stopping.aborted) {
    try {
      await rosters.whenPinned(stopping);
      const { tasks } = await client.call('tasks', { query: { known: known.text() }, signal: stopping });
      board.lastContactAt = now();
      const fresh = tasks.filter((task) => known.add(task.id));
      for (const task of fresh) accept(task);
      if (tasks.length > 0 && fresh.length === 0) await pause(timings.again, stopping);
    } catch (error) {
      if (stopping.aborted) break;
      logger.event('connector.waiting', { code: errorCode(error) });
      await pause(timings.again, stopping);
    }
  }
  table.endAll();
  await queues.idle();

  /** Steps of a run one after the other; results beside them, since the next round may need the last manifest. */
  function accept(task: Task): void {
    if (task.kind !== 'result') table.endOlder(task);
    const queue = task.kind === 'result' ? resultsOf(task.runId) : task.runId;
    queues.add(queue, async () => {
      let done = await dispatch(deps, task);
      // Results continue each other: this one keeps its place before the later ones until the coordinator answers.
      while (!done && task.kind === 'result' && !stopping.aborted) {
        await pause(timings.again, stopping);
        done = await dispatch(deps, task);
      }
      if (done) return;
      await pause(timings.again, stopping);
      known.forget(task.id);
    });
  }
}
