import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of one run of the demo, and what has to end before it goes. */
export interface Workplace {
  /** Report, bundle, trust file and model: what stays. */
  readonly folder: string;
  /** Keys, database and logs: what goes. */
  readonly work: string;
  /** Where the logs are after `cleanUp` has kept them. */
  readonly logs: string;
  readonly interrupted: boolean;
  onStop(stop: () => Promise<void>): void;
  /** From now on the results stay, also after a signal. */
  keepResults(): void;
  cleanUp(o: { keepLogs: boolean }): Promise<void>;
  /** Never returns: a signal ends the process. */
  untilStopped(): Promise<never>;
}

export function createWorkplace(repository: string, started: number): Workplace {
  const stamp = new Date(started).toISOString().replaceAll(/[-:]|\..*/g, '');
  const folder = join(repository, '.sumveil', 'demo', `${stamp}-${process.pid}`);
  const work = join(folder, 'work');
  const logs = join(folder, 'logs');
  let stop: () => Promise<void> = async () => {};
  let interrupted = false;
  let finished = false;
  mkdirSync(work, { recursive: true, mode: 0o700 });

  async function cleanUp({ keepLogs }: { keepLogs: boolean }): Promise<void> {
    await stop();
    if (keepLogs && existsSync(join(work, 'logs'))) renameSync(join(work, 'logs'), logs);
    rmSync(work, { recursive: true, force: true });
  }

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      interrupted = true;
      process.stderr.write('\nstopping: every process ends and the work folder is removed\n');
      void cleanUp({ keepLogs: false }).finally(() => {
        if (!finished) rmSync(folder, { recursive: true, force: true });
        // Left running on purpose, it has done its work: a signal is how it ends.
        process.exit(finished ? 0 : signal === 'SIGINT' ? 130 : 143);
      });
    });
  }

  return {
    folder,
    work,
    logs,
    get interrupted() {
      return interrupted;
    },
    onStop: (stopNow) => {
      stop = stopNow;
    },
    keepResults: () => {
      finished = true;
    },
    cleanUp,
    untilStopped: () => new Promise(() => setInterval(() => {}, 60_000)),
  };
}
