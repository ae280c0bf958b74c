import { CONFIG_PREFIX, connectorConfig } from '../connectors/runtime/src/config.ts';
import { ConfigError, loadConfig } from '../packages/config/src/index.ts';
import { apiSchema, readConfig, signerSchema, workerSchema } from '../services/coordinator/src/config.ts';

export type ProcessName = 'api' | 'worker' | 'signer' | 'connector';

const coordinator = { api: apiSchema, worker: workerSchema, signer: signerSchema };

function read(name: ProcessName, env: Record<string, string>): unknown {
  return name === 'connector'
    ? loadConfig(connectorConfig, { prefix: CONFIG_PREFIX, env })
    : readConfig(coordinator[name], env, []);
}

/**
 * What a process would say to the variables that a chart or the compose file sets for it. That a secret's file is not on this
 * machine is no fault of theirs.
 */
export function variableFaults(name: ProcessName, env: Record<string, string>): string[] {
  try {
    read(name, env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const found = error.faults?.map(({ variable, problem }) => `${variable} ${problem}`) ?? [error.message];
    return found.filter((fault) => !fault.endsWith(' does not exist'));
  }
}
