import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createNarrator } from './narrator.ts';

function told(o: { isTTY?: boolean; json?: boolean; env?: Record<string, string> }) {
  let text = '';
  const out = { isTTY: o.isTTY ?? false, write: (more: string) => (text += more) };
  const tell = createNarrator({ json: o.json ?? false, started: 0, now: () => 123_456_700, out, env: o.env ?? {} });
  tell.chapter('A title that goes on and on, '.repeat(5));
  tell.step('starting the database');
  tell.say('é'.repeat(200));
  tell.live('round 3, masked: 4 of 10');
  tell.live('round 3, masked: 5 of 10');
  tell.good('good '.repeat(30));
  tell.bad('bad '.repeat(30));
  return text;
}

describe('narrator', () => {
  it.each([true, false])('keeps every line within 80 columns, on a terminal: %s', (isTTY) => {
    const lines = stripVTControlCharacters(told({ isTTY })).split(/[\n\r]/);
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) expect(Array.from(line).length).toBeLessThanOrEqual(80);
  });

  it('moves no cursor and shows no live line where the output is not a terminal', () => {
    const text = told({});
    expect(text).toBe(stripVTControlCharacters(text));
    expect(text).not.toContain('\r');
    expect(text).not.toContain('masked: 4 of 10');
    expect(text).toContain('starting the database …\n');
  });

  it('moves no cursor on a terminal that cannot', () => {
    expect(told({ isTTY: true, env: { TERM: 'dumb' } })).not.toContain('\r');
  });

  it('replaces the live line on a terminal, and takes it away before the next line', () => {
    const text = stripVTControlCharacters(told({ isTTY: true }));
    expect(text).toContain('\r   round 3, masked: 4 of 10\r   round 3, masked: 5 of 10\r   good');
  });

  it('is silent with --json', () => {
    expect(told({ json: true, isTTY: true })).toBe('');
  });
});
