import { ClientError } from '@sumveil/client';
import { errorCode } from '@sumveil/telemetry';
import type { Task } from '@sumveil/wire';
import { isPassing } from '../coordinator-link.ts';
import { ConnectorError } from '../error.ts';
import type { Site } from '../site.ts';
import { advertise } from './advertise.ts';
import type { Attempt } from './attempt.ts';
import { consistency } from './consistency.ts';
import { failAttempt } from './fail.ts';
import { masked } from './masked.ts';
import { leaveOrphaned } from './orphaned.ts';
import type { PhaseDeps } from './phases.ts';
import { detailOf } from './released.ts';
import { result, trainLone } from './result.ts';
import { share } from './share.ts';
import { unmask } from './unmask.ts';

/**
 * Does one task, whatever happens in it; only a fault of the local policy ends the connector.
 *
 * @returns false when the coordinator could not be reached and the task is worth another try
 */
export async function dispatch(deps: PhaseDeps, task: Task): Promise<boolean> {
  const { site, table } = deps;
  const attempt = table.get(task.planHash);
  try {
    if (task.kind === 'result') await takeResult(site, task, attempt);
    else if (!attempt && site.state.attempts.byPlan(task.planHash)) await leaveOrphaned(deps, task);
    else if (task.kind === 'advertise') await advertise(deps, task);
    // No attempt at all: the gate has refused it, and that was said.
    else if (attempt) await step(site, attempt, task);
  } catch (error) {
    const held = table.get(task.planHash);
    if (error instanceof ConnectorError && error.code === 'LOCAL_POLICY') site.fail(error);
    else if (held && task.kind !== 'result') failAttempt(deps, held, task.kind, error);
    else if (!site.stopping.aborted) tellFailure(site, task, error);
    return !isPassing(error) || (held !== undefined && task.kind !== 'result');
  }
  return true;
}

async function step(site: Site, attempt: Attempt, task: Task): Promise<void> {
  if (task.kind === 'share') await share(site, attempt);
  else if (task.kind === 'masked') await masked(site, attempt, task);
  else if (task.kind === 'consistency') await consistency(site, attempt);
  else await unmask(site, attempt);
}

async function takeResult(site: Site, task: Task, attempt: Attempt | undefined): Promise<void> {
  await result(site, task, attempt);
  if (attempt) await trainLone(site, attempt);
}

function tellFailure({ board, logger }: Site, task: Task, error: unknown): void {
  const { runId, round, attempt, kind } = task;
  const code = errorCode(error);
  logger.with({ run: runId, round, attempt }).event('connector.refused', { code, phase: kind });
  if (!(error instanceof ClientError)) board.warn(`TASK ${runId}`, `Run ${runId}, round ${round}: ${detailOf(error)}`);
}
