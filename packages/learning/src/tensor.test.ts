import { describe, expect, it } from 'vitest';
import { flatten, type Model, unflatten } from './tensor.ts';

const model: Model = {
  tensors: new Map([
    ['a', { name: 'a', dtype: 'F64', shape: [2], data: Float64Array.of(1, 2) }],
    ['b', { name: 'b', dtype: 'F32', shape: [1], data: Float64Array.of(3) }],
    ['kept', { name: 'kept', dtype: 'F64', shape: [1], data: Float64Array.of(9) }],
  ]),
  metadata: {},
};
const order = [
  { name: 'b', shape: [1] },
  { name: 'a', shape: [2] },
];

describe('flat vector', () => {
  it('follows the order of the plan', () => {
    expect(flatten(model, order)).toEqual(Float64Array.of(3, 1, 2));
  });

  it('goes back into the named tensors and leaves the others', () => {
    const next = unflatten(model, order, Float64Array.of(0.1, 5, 6));
    expect(next.tensors.get('b')?.data[0]).toBe(Math.fround(0.1));
    expect(next.tensors.get('a')?.data).toEqual(Float64Array.of(5, 6));
    expect(next.tensors.get('kept')).toBe(model.tensors.get('kept'));
    expect(flatten(model, order)).toEqual(Float64Array.of(3, 1, 2));
  });

  it('refuses another shape, an unknown tensor and a vector of another length', () => {
    expect(() => flatten(model, [{ name: 'a', shape: [1, 2] }])).toThrow(/shape/);
    expect(() => flatten(model, [{ name: 'c', shape: [1] }])).toThrow(/no tensor c/);
    expect(() => unflatten(model, order, new Float64Array(4))).toThrow(/4 elements/);
  });
});
