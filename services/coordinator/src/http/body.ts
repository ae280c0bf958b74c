import type { Readable } from 'node:stream';
import { isTooDeep, type Payload } from '@sumveil/wire';
import type { FastifyRequest } from 'fastify';
import { CoordinatorError } from '../error.ts';
import type { RouteBinding } from './bind.ts';
import type { App } from './server.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    binding?: RouteBinding;
  }
}

export function isBytes(payload: Payload | null | undefined): payload is Extract<Payload, { bytes: true }> {
  return payload !== null && payload !== undefined && 'bytes' in payload;
}

/**
 * The content type has to be the one of the route: bytes are delivered as they came, JSON is parsed with its text refused when
 * it would touch a prototype. Duplicate keys are accepted by JSON and the last one wins, so nothing signed is ever read this way.
 */
export function addBodyParsers(app: App): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (request, payload, done) => {
    const binding = request.routeOptions.config.binding;
    const expected = expectedMedia(binding);
    if (expected === undefined || mediaType(request) !== expected) {
      const wanted = expected === undefined ? 'no body' : expected;
      done(new CoordinatorError('UNSUPPORTED_MEDIA', `This route takes ${wanted}; set Content-Type accordingly.`));
      return;
    }
    const limit = request.routeOptions.bodyLimit;
    if (Number(request.headers['content-length'] ?? 0) > limit) {
      done(tooLarge(limit));
      return;
    }
    if (binding?.streams === true) {
      done(null, counted(payload as Readable, limit));
      return;
    }
    collect(payload as Readable, limit).then(
      (bytes) => {
        if (isBytes(binding?.route.body)) done(null, bytes);
        else if (isTooDeep(bytes)) done(new CoordinatorError('BAD_REQUEST', 'The body is nested too deep.'));
        else parseJson.call(app, request, bytes.toString('utf8'), done);
      },
      (error) => done(error as Error),
    );
  });
}

function expectedMedia(binding: RouteBinding | undefined): string | undefined {
  const body = binding?.route.body;
  if (body === undefined) return undefined;
  return isBytes(body) ? body.media : 'application/json';
}

function mediaType(request: FastifyRequest): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
}

async function collect(payload: Readable, limit: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of counted(payload, limit)) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function* counted(payload: Readable, limit: number): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const piece of payload as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > limit) throw tooLarge(limit);
    yield piece;
  }
}

function tooLarge(limit: number): CoordinatorError {
  return new CoordinatorError(
    'TOO_LARGE',
    `The body is larger than the ${limit} bytes that this route takes; nothing of it was kept.`,
  );
}
