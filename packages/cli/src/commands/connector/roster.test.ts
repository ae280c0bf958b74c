import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { run } from '../../program.ts';

const sink = () => new Writable({ write: (_chunk, _encoding, done) => done() });

describe('sumveil connector roster', () => {
  it.each(['pin', 'approve'])('%s takes a hash that begins with a dash for a hash', async (verb) => {
    const lines: string[] = [];
    const stdout = new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(chunk.toString('utf8'));
        done();
      },
    });
    const argv = ['connector', 'roster', verb, `-gXkh${'A'.repeat(38)}`, '--json', '--state', '/nonexistent'];
    const exit = await run(argv, { stdout, stderr: sink(), env: {} });
    expect(JSON.parse(lines.join('')).error.code).toBe('NOT_RUNNING');
    expect(exit).toBe(69);
  });
});
