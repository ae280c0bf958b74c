import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { table } from '../../output.ts';
import type { Run } from '../../program.ts';

export function registerModel(program: Command, run: Run): void {
  const model = program.command('model').description('models and their versions');

  model
    .command('upload <file>')
    .description('store a base model (safetensors); plans name its digest')
    .action((file: string) =>
      run(async (cli) => {
        const stored = await cli.management().call('uploadModel', { body: readFileSync(file) });
        cli.out.print(stored, () => `${stored.digest} (${stored.size} bytes)`);
      }),
    );

  model
    .command('list')
    .description('model versions, newest first')
    .action(() =>
      run(async (cli) => {
        const { versions } = await cli.management().call('listModels', {});
        const rows = versions.map((one) => [
          one.model,
          one.version,
          one.round,
          one.runId,
          one.metrics['test.auc']?.toFixed(4) ?? '',
          one.digest.slice('sha256:'.length, 'sha256:'.length + 12),
        ]);
        cli.out.print(versions, () => table(['model', 'version', 'round', 'run', 'AUC', 'sha256'], rows));
      }),
    );

  model
    .command('export <model> <version>')
    .description('write a model version to a file (safetensors)')
    .option('--out <file>', 'where it goes', 'model.safetensors')
    .action((name: string, version: string, { out }: { out: string }) =>
      run(async (cli) => {
        const bytes = await cli.management().call('modelFile', { params: { model: name, version: Number(version) } });
        writeFileSync(out, bytes);
        cli.out.print({ file: out, bytes: bytes.length }, () => `${out} (${bytes.length} bytes)`);
      }),
    );
}
