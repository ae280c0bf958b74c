import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { CliError } from './error.ts';
import { createOutput } from './output.ts';
import { terminalSafe } from './terminal-safe.ts';

function captured() {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const out = createOutput({ json: false, stdout, stderr });
  return { out, text: () => `${stdout.read() ?? ''}${stderr.read() ?? ''}` };
}

it('breaks the lines of an error on a terminal alone', () => {
  const why = 'why '.repeat(60).trim();
  const fail = (terminal: object) => {
    const stderr = Object.assign(new PassThrough(), terminal);
    const out = createOutput({ json: false, stdout: new PassThrough(), stderr });
    out.fail(new CliError(1, 'DENIED', why, why, [{ path: 'a.b', message: why }]));
    return String(stderr.read()).replaceAll('\u001b[31m', '').replaceAll('\u001b[39m', '').trimEnd().split('\n');
  };
  for (const [terminal, width] of [
    [{ isTTY: true }, 80],
    [{ isTTY: true, columns: 60 }, 60],
  ] as const)
    for (const line of fail(terminal)) expect(line.length, line).toBeLessThanOrEqual(width);
  expect(fail({})).toEqual([`error DENIED: ${why}`, `  a.b: ${why}`, `  next: ${why}`]);
});

describe('what other machines say', () => {
  const hostile = 'refused\u001b[2K\u001b[1A\u001b]0;title\u0007 \u009b31m\u202eevil\rdone';

  it('moves no cursor, names no window and turns no text around', () => {
    const { out, text } = captured();
    out.fail(new CliError(1, 'DENIED', hostile, hostile, [{ path: hostile, message: hostile }]));
    out.print({}, () => hostile);
    out.progress(hostile);
    const shown = text();
    expect(shown).toMatch(/refused/);
    const unstyled = shown.replaceAll('\u001b[31m', '').replaceAll('\u001b[39m', '');
    for (const mark of ['\u001b', '\u0007', '\u009b', '\u202e', '\r']) expect(unstyled).not.toContain(mark);
  });

  it('keeps own styles, tabs and line ends', () => {
    const text = 'a\tb\r\n\u001b[1mhead\u001b[22m\n\u001b[31merror\u001b[39m ä 你';
    expect(terminalSafe(text)).toBe(text);
    expect(terminalSafe('\u001b[8mhidden\u001b[0m')).toBe('\ufffd[8mhidden\u001b[0m');
  });
});
