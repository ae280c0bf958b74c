import { z } from 'zod';

/** What a field says about itself, for `--print-config` and the reference page. */
export interface FieldNote {
  readonly description: string;
  readonly type: string;
  readonly secret?: boolean;
}

const notes = new WeakMap<z.core.$ZodType, FieldNote>();

function field<S extends z.ZodType>(schema: S, note: FieldNote): S {
  notes.set(schema, note);
  return schema;
}

/**
 * The note of a field, looked for below `.optional()`, `.default(…)`, `.transform(…)` and added checks: a secret stays
 * one whatever is chained to it.
 */
export function noteOf(schema: z.core.$ZodType): FieldNote | undefined {
  let inner: z.core.$ZodType | undefined = schema;
  while (inner) {
    const note: FieldNote | undefined = notes.get(inner);
    if (note) return note;
    const def = inner._zod.def as { innerType?: z.core.$ZodType; in?: z.core.$ZodType };
    inner = def.innerType ?? def.in ?? inner._zod.parent;
  }
  return undefined;
}

export function text(description: string, options: { min?: number; max?: number; pattern?: RegExp } = {}) {
  const { min = 1, max = 1_024, pattern } = options;
  const base = z.string().min(min).max(max);
  return field(pattern ? base.regex(pattern) : base, { description, type: 'text' });
}

/** @param protocols without colon, for example `['https']` */
export function url(description: string, protocols: readonly string[] = ['https', 'http']) {
  const schema = z.string().superRefine((value, context) => {
    const parsed = URL.parse(value);
    if (!parsed || !protocols.includes(parsed.protocol.slice(0, -1))) {
      context.addIssue({ code: 'custom', message: `expected a URL that starts with ${protocols.join(': or ')}:` });
    } else if (parsed.password !== '') {
      context.addIssue({ code: 'custom', message: 'holds a password; put it in a file of its own' });
    }
  });
  return field(schema, { description, type: 'URL' });
}

/** Decimal digits only: `1e3`, `0x10`, ` 5` and `5.0` are refused. */
export function integer(description: string, range: { min?: number; max?: number } = {}) {
  return field(wholeNumber(range), { description, type: `integer ${written(range)}`.trim() });
}

export function milliseconds(description: string, range: { min?: number; max?: number } = {}) {
  const bounds = { min: 0, ...range };
  return field(wholeNumber(bounds), { description, type: `milliseconds ${written(bounds)}`.trim() });
}

/** TCP port; 0 asks the system for a free one. */
export function port(description: string) {
  return field(wholeNumber({ min: 0, max: 65_535 }), { description, type: 'port' });
}

export function flag(description: string) {
  const schema = z.enum(['true', 'false'], { error: 'expected true or false' }).transform((value) => value === 'true');
  return field(schema, { description, type: 'true or false' });
}

/** Comma separated; spaces around an entry are dropped, an empty entry is refused. */
export function list(description: string, options: { min?: number; pattern?: RegExp } = {}) {
  const entry = options.pattern ? z.string().min(1).regex(options.pattern) : z.string().min(1);
  const schema = z
    .string()
    .transform((value) => (value === '' ? [] : value.split(',').map((part) => part.trim())))
    .pipe(z.array(entry).min(options.min ?? 0));
  return field(schema, { description, type: 'comma-separated list' });
}

export function oneOf<const V extends readonly [string, ...string[]]>(description: string, values: V) {
  const schema = z.enum(values, { error: `expected one of ${values.join(', ')}` });
  return field(schema, { description, type: values.map((value) => `\`${value}\``).join(', ') });
}

export function filePath(description: string) {
  const schema = z
    .string()
    .min(1)
    .max(4_096)
    .regex(/^[^\0]*$/);
  return field(schema, { description, type: 'path' });
}

/** One JSON object of the schema's form. */
export function jsonObject<S extends z.ZodType>(description: string, schema: S) {
  const parsed = z
    .string()
    .max(4_096)
    .transform((value, context) => {
      try {
        return JSON.parse(value) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: 'expected a JSON object' });
        return z.NEVER;
      }
    });
  return field(parsed, { description, type: 'JSON object' }).pipe(schema as unknown as z.ZodType<z.output<S>, unknown>);
}

/**
 * Read from the file that `…_FILE` names, never from the variable itself: environments are inherited and printed. One
 * trailing line feed is dropped.
 *
 * @param options.minLength shortest secret accepted, in characters, default 32
 */
export function secret(description: string, options: { minLength?: number } = {}) {
  const minLength = options.minLength ?? 32;
  const schema = z
    .string()
    .min(minLength, `shorter than ${minLength} characters`)
    .refine((value) => !looksDefault(value), 'looks like a default or repeated character; make a random one');
  return field(schema, { description, type: 'secret file, mode 0400', secret: true });
}

/** `scheme://user:password@…`; not every driver's form is a URL to the standard (a socket's address has no host). */
const ADDRESS = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@:]*(?::(?<password>[^/?#@]*))?@)?/i;

/** Of an address the password counts; host, role and database may be called what they like. */
function looksDefault(value: string): boolean {
  const address = ADDRESS.exec(value);
  const judged = address ? address.groups?.password : value;
  if (judged === undefined) return false;
  return new Set(judged).size < 4 || /change.?me|password|example|default|secret/i.test(judged);
}

function wholeNumber({ min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number }) {
  const expected = `expected a whole number ${written({ min, max })}`;
  return z
    .string()
    .regex(/^-?(0|[1-9]\d{0,15})$/, expected)
    .transform(Number)
    .pipe(z.number(expected).int(expected).min(min, expected).max(max, expected));
}

function written({ min, max }: { min?: number; max?: number }): string {
  const low = min === undefined || min === Number.MIN_SAFE_INTEGER ? '' : `from ${min}`;
  const high = max === undefined || max === Number.MAX_SAFE_INTEGER ? '' : `to ${max}`;
  return `${low} ${high}`.trim();
}
