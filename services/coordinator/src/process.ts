import { renameSync, writeFileSync } from 'node:fs';
import { ConfigError } from '@sumveil/config';
import { shutdownTelemetry } from '@sumveil/telemetry';
import { isCoordinatorError } from './error.ts';

export interface Running {
  /** Bound ports by listener. */
  readonly ports: Readonly<Record<string, number>>;
  readonly stateFile: string | undefined;
  readonly shutdownMs: number;
  stop(): Promise<void>;
}

/** sysexits.h: wrong configuration, and everything else that keeps a process from starting. */
const EX_CONFIG = 78;
const EX_UNAVAILABLE = 69;

/**
 * Life of a process: start, one ready line, SIGTERM or SIGINT, stop within the time (fault F23). A second signal ends it at once.
 * Exit codes: 0 stopped in order, 1 not in time, 69 could not start, 78 wrong configuration.
 */
export async function runProcess(name: string, start: () => Promise<Running>): Promise<void> {
  let running: Running;
  try {
    running = await start();
  } catch (error) {
    const expected = error instanceof ConfigError || isCoordinatorError(error);
    console.error(expected ? error.message : error);
    process.exit(error instanceof ConfigError ? EX_CONFIG : EX_UNAVAILABLE);
  }
  const ready = { event: 'ready', process: name, pid: process.pid, ports: running.ports };
  if (running.stateFile !== undefined) {
    writeFileSync(`${running.stateFile}.new`, `${JSON.stringify(ready)}\n`);
    renameSync(`${running.stateFile}.new`, running.stateFile);
  }
  console.log(JSON.stringify(ready));

  let stopping = false;
  const stop = async () => {
    if (stopping) process.exit(1);
    stopping = true;
    setTimeout(() => process.exit(1), running.shutdownMs).unref();
    await running.stop().catch((error: unknown) => console.error(error));
    await shutdownTelemetry();
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop());
  process.on('SIGINT', () => void stop());
}
