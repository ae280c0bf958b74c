import { randomUUID } from 'node:crypto';
import type { Payload, Route } from '@sumveil/wire';
import { ClientError } from './error.ts';

/** Parts of a call before the route's types are known to the code that carries them. */
export interface RawInput {
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
}

export interface WireRequest {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | undefined;
  /** True when sending the same bytes again cannot do a thing twice. */
  readonly repeatable: boolean;
}

/** Checks the input against the route, so that a mistake is told without a request, and writes it down once for all tries. */
export function writeRequest(route: Route, input: RawInput): WireRequest {
  const headers: Record<string, string> = { accept: acceptOf(route.response) };
  let body: Uint8Array | undefined;
  if (route.body) {
    const written = writeBody(route, route.body, input.body);
    headers['content-type'] = written.type;
    body = written.bytes;
  }
  // The management listener keeps the first answer under this key; connector messages are the same for the same bytes.
  if (route.method === 'POST' && route.listener === 'management') headers['idempotency-key'] = randomUUID();
  const repeatable = route.method !== 'POST' || route.listener !== 'enrolment';
  return { path: pathOf(route, input), headers, body, repeatable };
}

function acceptOf(response: Payload | null): string {
  if (response === null) return 'application/problem+json';
  return `${isBytes(response) ? response.media : 'application/json'}, application/problem+json`;
}

function writeBody(route: Route, payload: Payload, value: unknown): { type: string; bytes: Uint8Array } {
  if (!isBytes(payload)) {
    const parsed = payload.safeParse(value);
    if (!parsed.success) throw inputError(route, 'body', parsed.error.issues);
    return { type: 'application/json', bytes: Buffer.from(JSON.stringify(value), 'utf8') };
  }
  if (!(value instanceof Uint8Array)) throw new ClientError('INPUT', `${route.name} takes bytes; nothing was sent.`);
  if (value.byteLength > payload.limit)
    throw new ClientError('INPUT', `${route.name} takes at most ${payload.limit} bytes; nothing was sent.`, {
      next: 'Make it smaller.',
    });
  return { type: payload.media, bytes: value };
}

function pathOf(route: Route, input: RawInput): string {
  const params = checked(route, 'params', input.params);
  const query = checked(route, 'query', input.query);
  const path = route.path.replace(/:([A-Za-z]+)/g, (_, name: string) => encodeURIComponent(String(params[name])));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

function checked(route: Route, part: 'params' | 'query', value: unknown): Record<string, unknown> {
  const schema = route[part];
  if (!schema) return {};
  const parsed = schema.safeParse(value ?? {});
  if (!parsed.success) throw inputError(route, part, parsed.error.issues);
  return parsed.data;
}

function inputError(route: Route, part: string, issues: readonly { path: PropertyKey[]; message: string }[]) {
  const faults = issues.map((issue) => ({ path: [part, ...issue.path].map(String).join('.'), message: issue.message }));
  const list = faults.map((fault) => `${fault.path}: ${fault.message}`).join('; ');
  return new ClientError('INPUT', `${route.name} cannot be called so: ${list}. Nothing was sent.`, { faults });
}

export function isBytes(payload: Payload): payload is Extract<Payload, { bytes: true }> {
  return 'bytes' in payload && payload.bytes === true;
}
