import { expect, it } from 'vitest';
import { byContent } from './by-content.ts';

const bytes = (text: string) => Buffer.from(text);

it('reads each content once, whatever holds it', () => {
  const asked: string[] = [];
  const read = byContent((content) => {
    asked.push(Buffer.from(content).toString());
    return { text: asked.at(-1)! };
  }, 2);
  expect(read(bytes('a'))).toBe(read(new Uint8Array(bytes('a'))));
  expect(read(bytes('b')).text).toBe('b');
  expect(asked).toEqual(['a', 'b']);
});

it('keeps what was asked for last', () => {
  let reads = 0;
  const read = byContent(() => {
    reads += 1;
    return reads;
  }, 2);
  for (const text of ['a', 'b', 'a', 'c', 'a']) read(bytes(text));
  expect(reads).toBe(3);
  read(bytes('b'));
  expect(reads).toBe(4);
});

it('follows a change of the bytes', () => {
  const read = byContent((content) => content[0], 2);
  const content = Buffer.from([1]);
  expect(read(content)).toBe(1);
  content[0] = 2;
  expect(read(content)).toBe(2);
});

it('gives nobody a value that somebody else may change', () => {
  const read = byContent(() => ({ list: [{ n: 1 }], hash: Buffer.from([7]) }), 1);
  const value = read(bytes('a'));
  expect(() => value.list.push({ n: 2 })).toThrow(TypeError);
  expect(() => {
    value.list[0]!.n = 2;
  }).toThrow(TypeError);
});

it('does not keep a failure', () => {
  let tries = 0;
  const read = byContent(() => {
    tries += 1;
    if (tries < 3) throw new RangeError('not yet');
    return tries;
  }, 1);
  expect(() => read(bytes('a'))).toThrow(RangeError);
  expect(() => read(bytes('a'))).toThrow(RangeError);
  expect(read(bytes('a'))).toBe(3);
});
