import Table from 'cli-table3';
import { colors } from './colors.ts';
import type { CliError } from './error.ts';
import { terminalSafe } from './terminal-safe.ts';
import { wrapped } from './wrapped.ts';

export interface Output {
  readonly json: boolean;
  /** One JSON value on stdout with `--json`, else the text for people. */
  print(value: unknown, text: () => string): void;
  /** Progress for people; nothing with `--json`. */
  progress(line: string): void;
  /** On stderr, on a terminal no wider than it; with `--json` one value on stdout. */
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
      const width = columnsOf(o.stderr);
      const lines = wrapped(`error ${error.code}: ${error.message}`, width, 2);
      lines[0] = lines[0]!.replace(/^error/, colors.red('error'));
      for (const fault of error.faults)
        lines.push(...wrapped(`  ${fault.path || '(file)'}: ${fault.message}`, width, 4));
      if (error.next) lines.push(...wrapped(`  next: ${error.next}`, width, 4));
      o.stderr.write(`${terminalSafe(lines.join('\n'))}\n`);
    },
  };
}

/** A pipe has no width: programs read whole lines. */
function columnsOf(stream: NodeJS.WritableStream & { isTTY?: boolean; columns?: number }): number {
  return stream.isTTY ? stream.columns || 80 : Number.POSITIVE_INFINITY;
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
