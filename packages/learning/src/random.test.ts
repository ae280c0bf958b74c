import { describe, expect, it } from 'vitest';
import { seededRandom, shuffle } from './random.ts';

const draw = (seed: number, stream: string): number[] => {
  const random = seededRandom(seed, stream);
  return Array.from({ length: 8 }, () => random.uniform());
};

describe('seeded generator', () => {
  it('repeats itself, and differs by seed and by stream', () => {
    expect(draw(1, 'split')).toEqual(draw(1, 'split'));
    expect(draw(1, 'split')).not.toEqual(draw(2, 'split'));
    expect(draw(1, 'split')).not.toEqual(draw(1, 'batch'));
    expect(draw(1, 'split')).not.toEqual(draw(1 + 2 ** 32, 'split'));
  });

  it('is uniform: chi-square of 16 cells over 160,000 draws within six deviations', () => {
    const random = seededRandom(3, 'chi');
    const cells = new Array<number>(16).fill(0);
    for (let i = 0; i < 160_000; i++) {
      const cell = random.below(16);
      cells[cell] = (cells[cell] as number) + 1;
    }
    const chi = cells.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(Math.abs(chi - 15)).toBeLessThan(6 * Math.sqrt(30));
  });

  it('has a mean of one half', () => {
    const random = seededRandom(4, 'mean');
    let sum = 0;
    for (let i = 0; i < 100_000; i++) sum += random.uniform();
    expect(Math.abs(sum / 100_000 - 0.5)).toBeLessThan(6 / Math.sqrt(12 * 100_000));
  });

  it('shuffles without losing anything', () => {
    const items = Int32Array.from({ length: 50 }, (_, i) => i);
    shuffle(items, seededRandom(5, 'shuffle'));
    expect(items).not.toEqual(Int32Array.from(items).sort());
    expect([...items].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });
});
