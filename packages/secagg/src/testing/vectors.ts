import { readFileSync } from 'node:fs';

/** Parsed known-answer file of tests/vectors/secagg; its README says what each one holds. */
// biome-ignore lint/suspicious/noExplicitAny: every file has a shape of its own and is only read by its test
export function vectors(name: string): any {
  const url = new URL(`../../../../tests/vectors/secagg/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8'));
}

export function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

export function utf8(text: string): Buffer {
  return Buffer.from(text, 'utf8');
}
