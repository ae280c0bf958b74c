import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { createLogger, createMetrics } from '@sumveil/telemetry';
import { defineRoute, octets } from '@sumveil/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CoordinatorError } from '../error.ts';
import { defaultTimings } from '../timings.ts';
import { bind, bindStream, type RouteBinding, reply } from './bind.ts';
import { listenOn } from './listen.ts';
import { mountRoutes } from './mount.ts';
import { opsListener } from './ops-listener.ts';
import { type App, createServer } from './server.ts';

const lines: string[] = [];
const logger = createLogger({ process: 'api', stream: { write: (line) => lines.push(line) } });
const stopping = new AbortController();

const route = { method: 'POST', listener: 'management', status: 200, summary: '', errors: [] } as const;
const echo = defineRoute({
  ...route,
  name: 'echo',
  path: '/v1/echo/:id',
  params: z.strictObject({ id: z.coerce.number().int() }),
  body: z.strictObject({ text: z.string(), n: z.number().optional() }),
  response: z.strictObject({ id: z.number(), text: z.string() }),
});
const raw = defineRoute({ ...route, name: 'raw', path: '/v1/raw', body: octets(100), response: octets(100) });
const stream = defineRoute({
  ...route,
  name: 'stream',
  path: '/v1/stream',
  body: octets(1_000_000),
  response: z.strictObject({ size: z.number() }),
});
const empty = defineRoute({ ...route, name: 'empty', path: '/v1/empty', response: null, status: 204 });
const wrong = defineRoute({
  ...route,
  name: 'wrong',
  path: '/v1/wrong',
  response: z.strictObject({ ok: z.boolean() }),
});
const held = defineRoute({
  ...route,
  name: 'held',
  method: 'GET',
  path: '/v1/held',
  response: z.strictObject({ why: z.string() }),
  longPoll: true,
});
const fail = defineRoute({
  ...route,
  name: 'fail',
  path: '/v1/fail/:code',
  params: z.strictObject({ code: z.string() }),
  response: null,
});

const failures: Record<string, unknown> = {
  denied: new CoordinatorError('POLICY_DENIED', 'Run not started: two reasons.', { reasons: ['roles', 'cohort'] }),
  database: Object.assign(new Error('Connection terminated unexpectedly'), {}),
  fenced: new CoordinatorError('FENCED', 'Epoch 3 is over.'),
  secret: new Error('password=hunter2 at /srv/app/store.ts'),
};

const bindings: RouteBinding[] = [
  bind(echo, async ({ params, body }) => ({ id: params.id, text: body.text })),
  bind(raw, async ({ body }) => reply(body, { 'x-size': String(body.length) })),
  bindStream(stream, async ({ body }) => {
    let size = 0;
    for await (const piece of body) size += piece.length;
    return { size };
  }),
  bind(empty, async () => undefined),
  bind(wrong, async () => ({ ok: 'yes', leak: 'other tenant' }) as never),
  bind(
    held,
    ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve({ why: 'over' }))),
  ),
  bind(fail, async ({ params }) => {
    throw failures[params.code];
  }),
];

let app: App;

beforeAll(async () => {
  app = createServer({ listener: 'management', logger, tls: undefined, timings: defaultTimings });
  mountRoutes(app, bindings, { identify: async () => ({}), longPollMs: 100, stopping: stopping.signal });
  await app.ready();
});

afterAll(() => app.close());

const json = { 'content-type': 'application/json' };
const bytes = { 'content-type': 'application/octet-stream' };
const post = (url: string, headers: Record<string, string>, payload?: string | Buffer) =>
  app.inject({ method: 'POST', url, headers, ...(payload === undefined ? {} : { payload }) });

describe('binding of a route', () => {
  it('hands over parsed parts and checks the answer', async () => {
    const answer = await post('/v1/echo/7', json, '{"text":"hi"}');
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({ id: 7, text: 'hi' });
  });

  it('refuses unknown fields and lists every fault', async () => {
    const answer = await post('/v1/echo/7', json, '{"text":1,"extra":true}');
    expect(answer.statusCode).toBe(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    const problem = answer.json();
    expect(problem).toMatchObject({ code: 'BAD_REQUEST', status: 400, type: 'urn:sumveil:problem:BAD_REQUEST' });
    expect(problem.faults).toHaveLength(2);
    expect(problem.correlationId).toBe(answer.headers['x-correlation-id']);
  });

  it('does not coerce a body, drop a field or take a query it does not have', async () => {
    expect((await post('/v1/echo/7', json, '{"text":"x","n":"7"}')).statusCode).toBe(400);
    expect((await post('/v1/echo/7?x=1', json, '{"text":"x"}')).statusCode).toBe(400);
    expect((await post('/v1/echo/x', json, '{"text":"x"}')).statusCode).toBe(400);
  });

  it.each(['{"text":"x","__proto__":{"a":1}}', '{"text":"x","constructor":{"prototype":{}}}', '{"text":', ''])(
    'answers 400 to %s',
    async (payload) => {
      expect((await post('/v1/echo/7', json, payload)).statusCode).toBe(400);
    },
  );

  it('delivers bytes exactly as they came, with the headers of the answer', async () => {
    const body = Buffer.from([0, 255, 10, 13, 0]);
    const answer = await post('/v1/raw', bytes, body);
    expect(answer.rawPayload).toEqual(body);
    expect(answer.headers['x-size']).toBe('5');
  });

  it('answers an empty route with 204 and refuses a body there', async () => {
    expect((await post('/v1/empty', {})).statusCode).toBe(204);
    expect((await post('/v1/empty', json, '{}')).statusCode).toBe(415);
  });

  it('sends nothing that breaks the contract of the answer', async () => {
    const answer = await post('/v1/wrong', {});
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain('other tenant');
  });

  it('ends a held-open request in time', async () => {
    expect((await app.inject({ method: 'GET', url: '/v1/held' })).json()).toEqual({ why: 'over' });
  });
});

describe('limits (F15, F16)', () => {
  it.each([
    ['/v1/raw', bytes, 101],
    ['/v1/stream', bytes, 1_000_001],
  ])('413 beyond the limit of %s, announced or not', async (url, headers, size) => {
    expect((await post(url, headers, Buffer.alloc(size))).statusCode).toBe(413);
    const unannounced = await app.inject({ method: 'POST', url, headers, payload: chunks(size) as never });
    expect(unannounced.statusCode).toBe(413);
    expect(unannounced.json().code).toBe('TOO_LARGE');
  });

  it('413 for JSON beyond 64 KiB', async () => {
    expect((await post('/v1/echo/1', json, JSON.stringify({ text: 'x'.repeat(70_000) }))).statusCode).toBe(413);
  });

  it('streams a large body without collecting it', async () => {
    const answer = await app.inject({
      method: 'POST',
      url: '/v1/stream',
      headers: bytes,
      payload: chunks(900_000) as never,
    });
    expect(answer.json()).toEqual({ size: 900_000 });
  });

  it.each(['gzip', 'br', 'deflate', 'GZIP'])('415 for Content-Encoding %s', async (encoding) => {
    const answer = await post('/v1/raw', { ...bytes, 'content-encoding': encoding }, Buffer.from('x'));
    expect(answer.statusCode).toBe(415);
  });

  it('415 for another content type, also for JSON sent as something else', async () => {
    expect((await post('/v1/raw', json, '{}')).statusCode).toBe(415);
    expect((await post('/v1/echo/1', { 'content-type': 'text/plain' }, '{"text":"x"}')).statusCode).toBe(415);
  });
});

describe('problem details (RFC 9457)', () => {
  it('carries code, detail, next step and reasons', async () => {
    const answer = await post('/v1/fail/denied', {});
    expect(answer.statusCode).toBe(409);
    expect(answer.json()).toMatchObject({
      code: 'POLICY_DENIED',
      detail: 'Run not started: two reasons.',
      reasons: ['roles', 'cohort'],
      next: expect.stringContaining('Each reason'),
    });
  });

  it('says 503 with Retry-After while the database is away (F8)', async () => {
    const answer = await post('/v1/fail/database', {});
    expect(answer.statusCode).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('says 409 to a fenced writer', async () => {
    expect((await post('/v1/fail/fenced', {})).statusCode).toBe(409);
  });

  it('shows nothing of an unforeseen error, in answer or log', async () => {
    const answer = await post('/v1/fail/secret', {});
    expect(answer.statusCode).toBe(500);
    expect(answer.body + lines.join('')).not.toMatch(/hunter2|store\.ts/);
    expect(lines.some((line) => line.includes(answer.json().correlationId))).toBe(true);
  });

  it('answers an unknown path like everything else', async () => {
    const answer = await app.inject({ method: 'GET', url: '/v1/nothing' });
    expect(answer.json()).toMatchObject({ code: 'NOT_FOUND', status: 404 });
  });
});

describe('ops listener', () => {
  it('binds a free port and answers health, readiness and metrics', async () => {
    let up = true;
    const metrics = createMetrics({ process: 'api' });
    const ready = async () => {
      if (!up) throw new CoordinatorError('DATABASE', 'away');
    };
    const [one, two] = [
      opsListener({ logger, metrics, ready, timings: defaultTimings }),
      opsListener({ logger, metrics, ready, timings: defaultTimings }),
    ];
    const ports = [
      await listenOn(one, 'ops', { host: '127.0.0.1', port: 0 }, logger),
      await listenOn(two, 'ops', { host: '127.0.0.1', port: 0 }, logger),
    ];
    try {
      expect(new Set(ports).size).toBe(2);
      const get = (path: string) => fetch(`http://127.0.0.1:${ports[0]}${path}`);
      expect((await get('/healthz')).status).toBe(200);
      expect((await get('/readyz')).status).toBe(200);
      expect((await get('/metrics')).headers.get('content-type')).toContain('text/plain');
      up = false;
      expect((await get('/readyz')).status).toBe(503);
    } finally {
      await Promise.all([one.close(), two.close()]);
    }
  });

  it('refuses headers beyond 8 KiB before anything reads them', async () => {
    const one = opsListener({
      logger,
      metrics: createMetrics({ process: 'api' }),
      ready: async () => {},
      timings: defaultTimings,
    });
    const port = await listenOn(one, 'ops', { host: '127.0.0.1', port: 0 }, logger);
    const socket = connect(port, '127.0.0.1');
    socket.write(`GET /healthz HTTP/1.1\r\nhost: x\r\nx-large: ${'a'.repeat(9_000)}\r\n\r\n`);
    const [first] = (await new Promise<[Buffer]>((resolve) => socket.once('data', (data) => resolve([data])))) as [
      Buffer,
    ];
    expect(first.toString()).toContain('431');
    socket.destroy();
    await one.close();
  });
});

/** A body without Content-Length. */
async function* pieces(size: number): AsyncGenerator<Buffer> {
  for (let left = size; left > 0; left -= 50_000) yield Buffer.alloc(Math.min(left, 50_000));
}

function chunks(size: number): NodeJS.ReadableStream {
  return Readable.from(pieces(size), { objectMode: false });
}
