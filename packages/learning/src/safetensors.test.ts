import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readModel, writeModel } from './safetensors.ts';
import type { Model, Tensor } from './tensor.ts';

function model(...tensors: Tensor[]): Model {
  return { tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])), metadata: { format: 'test' } };
}

function tensor(name: string, values: number[], dtype: 'F32' | 'F64' = 'F64'): Tensor {
  return { name, dtype, shape: [values.length], data: Float64Array.from(values) };
}

/** A file from a header given as text and raw data. */
function file(header: string, data: number[]): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

describe('safetensors', () => {
  it('reads back what it wrote, and writes the same bytes again', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9.]{0,8}$/), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        names,
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 6 }),
        (list, values) => {
          const bytes = writeModel(model(...list.map((name) => tensor(name, values))));
          const read = readModel(bytes);
          for (const name of list) expect(read.tensors.get(name)?.data).toEqual(Float64Array.from(values));
          expect(writeModel(read)).toEqual(bytes);
        },
      ),
    );
  });

  it('reads or refuses any damaged file, and never fails in another way', () => {
    const bytes = writeModel(model(tensor('weight', [1, 2, 3]), tensor('bias', [4], 'F32')));
    const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(damage, fc.nat(bytes.length), (changes, cut) => {
        const damaged = Uint8Array.from(bytes.subarray(0, bytes.length - (cut % 5)));
        for (const [at, value] of changes) if (at < damaged.length) damaged[at] = value;
        try {
          readModel(damaged);
        } catch (error) {
          expect(error).toMatchObject({ code: 'SAFETENSORS' });
        }
      }),
    );
  });

  it('gives the same bytes whatever the order of the tensors', () => {
    const [a, b] = [tensor('a', [1]), tensor('b', [2, 3], 'F32')];
    expect(writeModel(model(a, b))).toEqual(writeModel(model(b, a)));
  });

  it('rounds F32 to float32', () => {
    expect(readModel(writeModel(model(tensor('a', [0.1], 'F32')))).tensors.get('a')?.data[0]).toBe(Math.fround(0.1));
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('does not write %s', (value) => {
    expect(() => writeModel(model(tensor('a', [value])))).toThrow(/not finite/);
  });

  it('does not write a float64 that overflows float32', () => {
    expect(() => writeModel(model(tensor('a', [1e39], 'F32')))).toThrow(/not finite/);
  });

  it.each([
    ['nothing', new Uint8Array(0), 'shorter'],
    ['a cut header', file('{}', []).subarray(0, 9), 'cut off'],
    ['a header above 1 MiB', new Uint8Array([1, 0, 16, 0, 0, 0, 0, 0]), 'longer than'],
    ['no JSON', file('{', []), 'not JSON'],
    ['another dtype', file('{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}', [0, 0]), 'neither'],
    ['an unknown member', file('{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"x":1}}', []), 'exactly'],
    ['a negative shape', file('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', [0, 0, 0, 0]), 'shape'],
    [
      'offsets unlike the shape',
      file('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', [0, 0, 0, 0]),
      'unlike',
    ],
    ['a gap', file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', [0, 0, 0, 0, 0, 0, 0, 0]), 'gap'],
    [
      'an overlap',
      file(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
        [0, 0, 0, 0],
      ),
      'overlaps',
    ],
    ['bytes after the data', file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', [0, 0, 0, 0, 0]), 'longer'],
    ['data cut off', file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', [0, 0, 0]), 'longer or shorter'],
    ['a deeply nested header', file(`{"a":${'['.repeat(400_000)}${']'.repeat(400_000)}}`, []), 'exactly'],
    ['metadata that is no text', file('{"__metadata__":{"a":1}}', []), 'metadata'],
    ['a name with a slash', file('{"a/b":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}', []), 'name'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => readModel(bytes)).toThrow(
      expect.objectContaining({ code: 'SAFETENSORS', message: expect.stringContaining(message) }),
    );
  });
});
