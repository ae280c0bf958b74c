import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { helmBinary } from './helm-binary.ts';

/**
 * `helm lint --strict` and `helm template` for each chart with each of its `ci/*.yaml` values: the least a person has to
 * set, and everything switched on.
 */
const helm = helmBinary();

function run(...args: string[]): void {
  const { status, stdout, stderr } = spawnSync(helm, args, { encoding: 'utf8' });
  if (status !== 0) {
    console.error(`helm ${args.join(' ')}\n${stdout}${stderr}`);
    process.exitCode = 1;
  }
}

for (const chart of ['helm/coordinator', 'helm/connector']) {
  for (const values of readdirSync(`${chart}/ci`)) {
    run('lint', '--strict', chart, '--values', `${chart}/ci/${values}`);
    run('template', 'try', chart, '--namespace', 'sumveil', '--values', `${chart}/ci/${values}`);
  }
}
