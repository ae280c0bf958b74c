import { readFileSync, writeFileSync } from 'node:fs';
import { hanging } from '@sumveil/client';
import type { Command } from 'commander';
import { colors } from '../../colors.ts';
import { exitCode } from '../../exit-code.ts';
import type { Run } from '../../program.ts';
import { verify } from './verify.ts';

export function registerAudit(program: Command, run: Run): void {
  const audit = program.command('audit').description('evidence: export, report, verify offline');

  audit
    .command('export <model> <version>')
    .description('evidence bundle of a model version (auditor); reading it is itself logged')
    .requiredOption('--reason <text>', 'why you read it; its digest is logged')
    .option('--out <file>', 'where it goes', 'bundle.zip')
    .action((model: string, version: string, { reason, out }: { reason: string; out: string }) =>
      run(async (cli) => {
        const bytes = await cli
          .management()
          .call('exportBundle', { params: { model, version: Number(version) }, body: { reason } });
        writeFileSync(out, bytes);
        cli.out.print({ file: out, bytes: bytes.length }, () => `${out} (${bytes.length} bytes)`);
      }),
    );

  audit
    .command('report <model> <version>')
    .description('lineage report of a model version (auditor)')
    .requiredOption('--reason <text>', 'why you read it; its digest is logged')
    .option('--format <format>', 'html or json', 'html')
    .option('--out <file>', 'where it goes')
    .action((model: string, version: string, o: { reason: string; format: string; out?: string }) =>
      run(async (cli) => {
        const format = o.format === 'json' ? 'json' : 'html';
        const file = o.out ?? `report.${format}`;
        const bytes = await cli
          .management()
          .call('lineageReport', { params: { model, version: Number(version), format }, query: { reason: o.reason } });
        writeFileSync(file, bytes);
        cli.out.print({ file, bytes: bytes.length }, () => `${file} (${bytes.length} bytes)`);
      }),
    );

  audit
    .command('verify <bundle>')
    .description('check a bundle with no network: one line for each check, exit code names the first failing class')
    .option('--trust <file>', 'roster or trust file from `sumveil connector roster show --trust`')
    .action((file: string, { trust }: { trust?: string }) =>
      run(async (cli) => {
        const result = verify(readFileSync(file), trust ? readFileSync(trust) : undefined);
        const mark = (ok: boolean) => (ok ? colors.green('ok  ') : colors.red('FAIL'));
        const lines = result.checks.map(
          (check) => `${mark(check.ok)} ${check.id} ${check.title}${check.detail ? `: ${check.detail}` : ''}`,
        );
        const hint =
          result.verdict === 'UNANCHORED'
            ? [`compare the roster hash over another channel, or give --trust:`, result.fingerprint ?? '']
            : [];
        const limits = result.notShown.flatMap((sentence) => hanging('not shown: ', sentence));
        cli.out.print(result, () => [...lines, ...limits, result.verdict, ...hint].join('\n'));
        return result.exit === 0 ? exitCode.ok : result.exit;
      }),
    );
}
