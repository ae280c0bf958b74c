import { byContent } from '@sumveil/wire';
import { CST, Lexer, parseDocument } from 'yaml';
import { SecaggError } from '../error.ts';

/** Largest plan file (section 4). */
export const PLAN_FILE_BYTES = 256 * 1024;

/** Lexical parts of YAML that make two readers disagree, or one reader work without end. */
const FORBIDDEN: Partial<Record<string, string>> = {
  anchor: 'an anchor',
  alias: 'an alias',
  tag: 'a tag',
  'directive-line': 'a directive',
};

/** No plan nests nearly as deep; a reader of YAML needs seconds to give up on input that only nests. */
const DEEPEST = 64;
const OPENS = new Set(['flow-map-start', 'flow-seq-start']);
const CLOSES = new Set(['flow-map-end', 'flow-seq-end']);
/** Levels that need no column of their own: `- - - a`. */
const COMPACT = new Set(['seq-item-ind', 'explicit-key-ind']);

/**
 * Reads a plan file: YAML 1.2 core schema, UTF-8, one document, at most 256 KiB, no anchors, tags, directives, merge keys
 * or duplicate keys; integers beyond 2^53-1 must be quoted, other numbers are float64. The result is plain JSON data.
 *
 * Reading YAML takes milliseconds and a run asks for its one file in every round, so what was read last is kept, frozen.
 *
 * @throws SecaggError `PLAN_FILE` with line and column where the reader knows them
 */
export const readPlanFile: (bytes: Uint8Array) => unknown = byContent(read, 8);

function read(bytes: Uint8Array): unknown {
  if (bytes.byteLength > PLAN_FILE_BYTES) throw planFileFault('it exceeds 256 KiB');
  const text = decodeUtf8(bytes);
  refuseForbiddenTokens(text);
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    strict: true,
    uniqueKeys: true,
    merge: false,
    intAsBigInt: true,
    prettyErrors: true,
  });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) throw planFileFault(fault.message.split('\n')[0]!.replace(/:$/, ''));
  return toJson(document.toJS({ mapAsMap: true, maxAliasCount: 0 }), '');
}

export function planFileFault(detail: string): SecaggError {
  return new SecaggError('PLAN_FILE', `The plan file is refused: ${detail}. Correct it and submit it again.`);
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw planFileFault('it is not UTF-8');
  }
}

function refuseForbiddenTokens(text: string): void {
  let scalar = false;
  let flow = 0;
  let compact = 0;
  for (const token of new Lexer().lex(text)) {
    const type: string = scalar ? '' : (CST.tokenType(token) ?? '');
    const found = FORBIDDEN[type];
    if (found !== undefined) throw planFileFault(`it holds ${found} (${token.slice(0, 40).trim()})`);
    if (OPENS.has(type)) flow++;
    if (CLOSES.has(type)) flow--;
    compact = type === 'newline' ? 0 : compact + (COMPACT.has(type) ? 1 : 0);
    if (flow > DEEPEST || compact > DEEPEST) throw planFileFault('it is nested too deep');
    scalar = type === 'scalar';
  }
}

function toJson(value: unknown, path: string): unknown {
  if (typeof value === 'bigint') return toInteger(value, path);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw planFileFault(`${path} is not a finite number`);
    return value;
  }
  if (Array.isArray(value)) return value.map((item, i) => toJson(item, `${path}[${i}]`));
  if (value instanceof Map) return toObject(value, path);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  throw planFileFault(`${path} has no JSON form`);
}

function toObject(map: Map<unknown, unknown>, path: string): Record<string, unknown> {
  const out: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [key, member] of map) {
    if (typeof key !== 'string') throw planFileFault(`a key under ${path || 'the top'} is not a string`);
    if (key === '<<' || key === '__proto__') throw planFileFault(`the key ${key} is not allowed`);
    out[key] = toJson(member, path === '' ? key : `${path}.${key}`);
  }
  return { ...out };
}

function toInteger(value: bigint, path: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw planFileFault(`${path} is an integer beyond 2^53-1 and has to be quoted`);
  return number;
}
