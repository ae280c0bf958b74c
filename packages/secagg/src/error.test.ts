import { describe, expect, it } from 'vitest';
import { SecaggError } from './error.ts';

describe('an error', () => {
  it('says the same outside for every cryptographic refusal and keeps the reason for the local log', () => {
    const refusals = ['the list has a bad signature', 'mkCheck of 3 does not match'].map(
      (d) => new SecaggError('REFUSED', d),
    );
    expect(new Set(refusals.map((error) => error.message)).size).toBe(1);
    expect(refusals.map((error) => error.detail)).toEqual([
      'the list has a bad signature',
      'mkCheck of 3 does not match',
    ]);
  });

  it('says what happened where nothing secret is near', () => {
    expect(new SecaggError('CHUNK', 'The chunk has 3 bytes.').message).toBe('The chunk has 3 bytes.');
  });
});
