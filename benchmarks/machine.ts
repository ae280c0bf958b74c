import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

export interface Machine {
  readonly cpu: string;
  /** Processors this process may use. */
  readonly cores: number;
  readonly memoryGiB: number;
  readonly platform: string;
  /** Load average of the minute before the suite started: a busy machine measures its neighbours. */
  readonly loadBefore: number;
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    loadBefore: Math.round(loadavg()[0]! * 100) / 100,
  };
}

export function versions(): Readonly<Record<string, string>> {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return { sumveil: version, node: process.versions.node, v8: process.versions.v8, openssl: process.versions.openssl };
}
