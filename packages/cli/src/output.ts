import Table from 'cli-table3';
import { colors } from './colors.ts';
import type { CliError } from './error.ts';
import { terminalSafe } from './terminal-safe.ts';

export interface Output {
  readonly json: boolean;
  /** One JSON value on stdout with `--json`, else the text for people. */
  print(value: unknown, text: () => string): void;
  /** Progress for people; nothing with `--json`. */
  progress(line: string): void;
  fail(error: CliError): void;
}

export function createOutput(o: {
  json: boolean;
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream;
}): Output {
  return {
    json: o.json,
    print(value, text) {
      o.stdout.write(`${o.json ? JSON.stringify(value) : terminalSafe(text())}\n`);
    },
    progress(line) {
      if (!o.json) o.stderr.write(`${terminalSafe(line)}\n`);
    },
    fail(error) {
      if (o.json) {
        const { code, message, next, faults } = error;
        o.stdout.write(`${JSON.stringify({ error: { code, message, next, faults } })}\n`);
        return;
      }
      const lines = [`${colors.red('error')} ${error.code}: ${error.message}`];
      for (const fault of error.faults) lines.push(`  ${fault.path || '(file)'}: ${fault.message}`);
      if (error.next) lines.push(`  next: ${error.next}`);
      o.stderr.write(`${terminalSafe(lines.join('\n'))}\n`);
    },
  };
}

/** Plain aligned table: no lines that a terminal of 80 columns would have to break. */
export function table(head: string[], rows: (string | number | null)[][]): string {
  const plain = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
  };
  const inner = { left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' };
  const numeric = head.map(
    (_, i) => rows.length > 0 && rows.every((row) => typeof row[i] === 'number' || row[i] === null),
  );
  const out = new Table({
    head: head.map((text) => colors.bold(text)),
    chars: { ...plain, ...inner },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: numeric.map((is) => (is ? 'right' : 'left')),
  });
  for (const row of rows) out.push(row.map((cell) => (cell === null ? 'n/a' : String(cell))));
  return out.toString();
}
