import { spawnSync } from 'node:child_process';

/**
 * Runs one Prisma command without the network: each of them would first download an engine that none of those used here
 * needs, unless told where one lies, and would ask a server for news.
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
    },
  });
  return status ?? 1;
}

if (import.meta.main) process.exitCode = prisma(...process.argv.slice(2));
