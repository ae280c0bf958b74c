import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

/**
 * Runs one Prisma command without the network: each of them would first download an engine that none of those used here
 * needs, unless told where one lies, would ask a server for news, and would leave a file in the home folder.
 * @returns the exit code
 */
export function prisma(...args: string[]): number {
  const { status } = spawnSync(process.execPath, ['node_modules/prisma/build/index.js', ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true',
      CHECKPOINT_DISABLE: '1',
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      XDG_CONFIG_HOME: resolve('.sumveil/config'),
    },
  });
  return status ?? 1;
}

if (import.meta.main) process.exitCode = prisma(...process.argv.slice(2));
