import { describe, expect, it } from 'vitest';
import { utf8 } from '../testing/vectors.ts';
import { readPlanFile } from './planFile.ts';

describe('plan file', () => {
  it('reads YAML 1.2 core scalars and nothing older', () => {
    const text =
      'a: 0x1F\nb: 0o17\nc: 1e3\nd: yes\ne: 017\nf: null\ng: true\nh: "12345678901234567890"\ni: 2024-01-01\n';
    const expected = {
      a: 31,
      b: 15,
      c: 1000,
      d: 'yes',
      e: 17,
      f: null,
      g: true,
      h: '12345678901234567890',
      i: '2024-01-01',
    };
    expect(readPlanFile(utf8(text))).toEqual(expected);
  });

  it('takes text that only looks like an anchor or alias inside a scalar', () => {
    expect(readPlanFile(utf8('a: "&x *y !z"\nb: |\n  &x\n  *y\nc: x & y\n'))).toEqual({
      a: '&x *y !z',
      b: '&x\n*y\n',
      c: 'x & y',
    });
  });

  it.each([
    ['an anchor', 'a: &x 1\n'],
    ['lists that only nest', `a: ${'['.repeat(65)}${']'.repeat(65)}\n`],
    ['lists that only nest on one line', `${'- '.repeat(65)}a\n`],
    ['maps that only nest', '{a: '.repeat(50_000)],
    ['an alias', 'a: &x 1\nb: *x\n'],
    ['a tag', 'a: !!str 1\n'],
    ['an own tag', 'a: !x 1\n'],
    ['a directive', '%YAML 1.1\n---\na: yes\n'],
    ['a merge key', 'a: {b: 1}\n<<: {c: 2}\n'],
    ['a duplicate key', 'a: 1\na: 2\n'],
    ['a duplicate key in another spelling', 'a: 1\n"a": 2\n'],
    ['two documents', 'a: 1\n---\nb: 2\n'],
    ['an integer beyond 2^53-1', 'a: 9007199254740993\n'],
    ['not a number', 'a: .nan\n'],
    ['infinity', 'a: .inf\n'],
    ['a key that is a number', '1: a\n'],
    ['a key that is a list', '? [a, b]\n: c\n'],
    ['a prototype key', '__proto__: {x: 1}\n'],
    ['broken syntax', 'a: [1, 2\n'],
    ['a tab as indentation', 'a:\n\tb: 1\n'],
  ])('refuses %s', (_, text) => {
    expect(() => readPlanFile(utf8(text))).toThrow(expect.objectContaining({ code: 'PLAN_FILE' }));
  });

  it('refuses what is not UTF-8 and what is too long', () => {
    expect(() => readPlanFile(Buffer.from([0x61, 0x3a, 0x20, 0xff]))).toThrow(/UTF-8/);
    expect(() => readPlanFile(Buffer.alloc(256 * 1024 + 1, 0x20))).toThrow(/256 KiB/);
  });
});
