import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromBase64url, toBase64url } from './base64url.ts';
import { canonicalBytes, parseBody, parseCanonical } from './canonical.ts';

const url = new URL('../../../../tests/vectors/secagg/canonical-json.json', import.meta.url);
const file = JSON.parse(readFileSync(url, 'utf8'));

describe('bodies', () => {
  it.each(file.canonical as { canonical: string }[])('pass unchanged: $canonical', ({ canonical }) => {
    expect(canonicalBytes(parseBody(Buffer.from(canonical))).toString()).toBe(canonical);
  });

  it.each(file.mustRefuse as { text: string; why: string }[])('are refused: $why', ({ text }) => {
    expect(() => parseBody(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'CANONICAL' }));
  });

  it('are refused over 1 MiB before parsing', () => {
    expect(() => parseBody(Buffer.alloc((1 << 20) + 1, 0x20))).toThrow(expect.objectContaining({ code: 'SIZE' }));
  });
});

describe('deep nesting', () => {
  const nested = (depth: number) => Buffer.from(`${'['.repeat(depth)}${']'.repeat(depth)}`);

  it('is refused without exhausting the stack', () => {
    expect(parseCanonical(nested(64))).toBeInstanceOf(Array);
    expect(() => parseCanonical(nested(65))).toThrow(expect.objectContaining({ code: 'CANONICAL' }));
    expect(() => parseCanonical(nested(400_000))).toThrow(expect.objectContaining({ code: 'CANONICAL' }));
  });

  it('does not count brackets in text', () => {
    const text = canonicalBytes({ a: `${'['.repeat(100)}"\\${'{'.repeat(100)}` });
    expect(parseCanonical(text)).toHaveProperty('a');
  });
});

describe('base64url', () => {
  it.each(file.base64url as { hex: string; text: string }[])('of $hex', ({ hex, text }) => {
    expect(toBase64url(Buffer.from(hex, 'hex'))).toBe(text);
    expect(Buffer.from(fromBase64url(text)).toString('hex')).toBe(hex);
  });

  it.each(file.base64urlMustRefuse as { text: string; why: string }[])('is refused: $why', ({ text }) => {
    expect(() => fromBase64url(text)).toThrow(expect.objectContaining({ code: 'ENCODING' }));
  });
});
