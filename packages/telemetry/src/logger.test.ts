import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { errorCode, newCorrelationId } from './error-code.ts';
import { type EventName, events } from './events.ts';
import { fields } from './fields.ts';
import { createLogger, pinoSink } from './logger.ts';

function recorded() {
  const lines: string[] = [];
  const logger = createLogger({ process: 'api', stream: { write: (line) => lines.push(line) }, now: () => 0 });
  // Tests hand over what the types forbid.
  const log = (name: string, values: unknown) => logger.event(name as EventName, values as never);
  return { lines, logger, log, text: () => lines.join('') };
}

const DIGEST = `sha256:${'ab'.repeat(32)}`;

describe('a line', () => {
  test('holds time, level, process, event and the allowed fields, as JSON', () => {
    const { lines, logger } = recorded();
    logger.event('round.released', { run: 'run-1', round: 3, attempt: 0, survivors: 5, digest: DIGEST });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toEqual({
      level: 'info',
      time: '1970-01-01T00:00:00.000Z',
      process: 'api',
      event: 'round.released',
      run: 'run-1',
      round: 3,
      attempt: 0,
      survivors: 5,
      digest: DIGEST,
    });
    expect(lines[0]!.endsWith('\n')).toBe(true);
  });

  test('carries its context, and a later value wins', () => {
    const { lines, logger } = recorded();
    const correlation = newCorrelationId();
    logger.with({ correlation, round: 1 }).with({ attempt: 2 }).event('round.aborted', { code: 'QUORUM', round: 4 });
    expect(JSON.parse(lines[0]!)).toMatchObject({ correlation, round: 4, attempt: 2, code: 'QUORUM', level: 'warn' });
  });

  test.each([
    [0, 0],
    [1, 1],
    [1_023, 1_024],
    [1_024, 1_024],
    [1_025, 2_048],
  ])('%i bytes are shown as %i', (bytes, shown) => {
    const { lines, logger } = recorded();
    logger.event('message.accepted', { kind: 'M2', bytes });
    expect(JSON.parse(lines[0]!).bytes).toBe(shown);
  });

  test('people are not counted below three', () => {
    const { lines, logger } = recorded();
    logger.event('round.released', { survivors: 2 });
    expect(JSON.parse(lines[0]!)).not.toHaveProperty('survivors');
  });
});

describe('what is not in the catalogue', () => {
  const MARKER = 'MARKER-6f1d9c';
  const token = randomBytes(32);
  const secrets: [string, unknown][] = [
    ['text', `the token is ${MARKER}`],
    ['a path', `/home/${MARKER}/train.csv`],
    ['an object', { marker: MARKER }],
    ['an array', [MARKER]],
    ['an error', new Error(MARKER)],
    ['bytes', Buffer.from(MARKER)],
    ['a function', () => MARKER],
    ['an object that prints itself', { toJSON: () => MARKER, toString: () => MARKER }],
    ['a base64url token', token.toString('base64url')],
    ['a hex token', token.toString('hex')],
    ['a base64 token', token.toString('base64')],
    ['a PEM', `-----BEGIN PRIVATE KEY-----\n${MARKER}\n-----END PRIVATE KEY-----`],
    ['a JWT', `eyJhbGciOiJFUzI1NiJ9.${MARKER}.x`],
    ['a fraction', 0.12345],
    ['not a number', Number.NaN],
    ['an SQL text', `select '${MARKER}'`],
    ['a mail address', `${MARKER}@hospital.example`],
    ['a line feed', `M2\n${MARKER}`],
  ];
  const shown = (value: unknown) => [
    MARKER,
    token.toString('hex'),
    token.toString('base64url'),
    '0.12345',
    String(value),
  ];

  test.each(secrets)('%s in any field of any event never reaches the output', (_, value) => {
    const { log, text, logger } = recorded();
    const names = [
      ...Object.keys(fields),
      'error',
      'err',
      'msg',
      'message',
      'body',
      'token',
      'level',
      'time',
      'constructor',
    ];
    // A duration may be a fraction: it is rounded.
    const all = Object.fromEntries(names.filter((name) => !/Ms$/.test(name)).map((name) => [name, value]));
    for (const event of Object.keys(events)) log(event, all);
    for (const part of shown(value)) expect(text()).not.toContain(part);
    expect(text().trim().split('\n')).toHaveLength(Object.keys(events).length);
    expect(logger.dropped.fields).toBeGreaterThan(Object.keys(events).length);
  });

  test('an unknown event is not written but counted', () => {
    const { log, lines, logger } = recorded();
    for (const name of ['debug', MARKER, 'constructor', '__proto__', 'toString']) log(name, { code: MARKER });
    expect(lines).toEqual([]);
    expect(logger.dropped.events).toBe(5);
  });

  test('an error or anything else in place of the fields writes nothing of it and does not throw', () => {
    const { log, text } = recorded();
    const throwing = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error(MARKER);
        },
      },
    );
    const error = Object.assign(new Error(MARKER), { detail: MARKER, parameters: [MARKER] });
    for (const value of [error, MARKER, null, undefined, 7, throwing, [MARKER]]) log('database.error', value);
    expect(text()).not.toContain(MARKER);
    expect(text().trim().split('\n')).toHaveLength(7);
  });

  test('a context field of the wrong form does not get in', () => {
    const { logger, text } = recorded();
    logger.with({ run: `${MARKER} x`, secret: MARKER } as never).event('round.opened', { members: 5 });
    expect(text()).not.toContain(MARKER);
  });

  test('a process name that is no word is not printed', () => {
    const lines: string[] = [];
    createLogger({ process: `a ${MARKER}`, stream: { write: (l) => lines.push(l) } }).event('process.started', {});
    expect(lines.join('')).toContain('"process":"unnamed"');
  });

  test('32 random bytes in any usual spelling fit no field but a digest', () => {
    const spelt = fc.uint8Array({ minLength: 32, maxLength: 32 }).chain((bytes) => {
      const b = Buffer.from(bytes);
      return fc.constantFrom(
        b.toString('hex'),
        b.toString('hex').toUpperCase(),
        b.toString('base64'),
        b.toString('base64url'),
      );
    });
    fc.assert(
      fc.property(spelt, (text) =>
        Object.entries(fields).every(([name, form]) => /digest/i.test(name) || !form.safeParse(text).success),
      ),
    );
  });
});

test('the second net: names that secrets travel under are redacted below the catalogue too', () => {
  const lines: string[] = [];
  const sink = pinoSink({ stream: { write: (line) => lines.push(line) } });
  sink('info', { event: 'x', token: 'MARKER', password: 'MARKER', inner: { seed: 'MARKER' } as never });
  expect(lines.join('')).not.toContain('MARKER');
  expect(JSON.parse(lines[0]!)).toMatchObject({ event: 'x', token: '[Redacted]', inner: { seed: '[Redacted]' } });
});

describe('routes', () => {
  test.each(['/v1/enroll', '/v1/runs/:run/rounds/:round', '/v1/{run}/*', '/healthz', '/'])(
    '%s is a template',
    (route) => {
      expect(fields.route.safeParse(route).success).toBe(true);
    },
  );

  test.each(['/v1/runs?token=x', `/v1/${randomBytes(32).toString('base64url')}`, '/v1/Runs', 'v1', '/a b'])(
    '%s is not',
    (route) => expect(fields.route.safeParse(route).success).toBe(false),
  );
});

describe('errorCode', () => {
  test('gives the code of the error or of what caused it', () => {
    expect(errorCode(Object.assign(new Error('x'), { code: 'P2034' }))).toBe('P2034');
    expect(errorCode(new Error('x', { cause: Object.assign(new Error('y'), { code: 'ECONNREFUSED' }) }))).toBe(
      'ECONNREFUSED',
    );
  });

  test.each([
    undefined,
    null,
    'TEXT',
    new Error('secret'),
    { code: 'has space' },
    { code: 7 },
    { code: 'a'.repeat(9) },
  ])('gives INTERNAL for %j', (error) => expect(errorCode(error)).toBe('INTERNAL'));

  test('does not follow a cause that points to itself for ever', () => {
    const error = new Error('x');
    error.cause = error;
    expect(errorCode(error)).toBe('INTERNAL');
  });
});
