import type { Route } from '@sumveil/wire';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ZodError, type z } from 'zod';
import { CoordinatorError } from '../error.ts';
import { type Context, Reply, type RouteBinding } from './bind.ts';
import { addBodyParsers, isBytes } from './body.ts';
import type { ConnectorPeer, Person } from './identity.ts';
import type { App } from './server.ts';

export interface Caller {
  readonly person?: Person;
  readonly connector?: ConnectorPeer;
}

interface MountOptions {
  /** Who asks; throws when they may not. Runs before the body is read. */
  readonly identify: (request: FastifyRequest, route: Route) => Promise<Caller>;
  readonly longPollMs: number;
  readonly stopping: AbortSignal;
  /** Wraps the handler's run, for example to give a repeated request its first answer. */
  readonly around?: (request: FastifyRequest, route: Route, caller: Caller, run: () => Promise<Sent>) => Promise<Sent>;
}

/** An answer as it leaves: bytes, stream or JSON text. */
export interface Sent {
  readonly status: number;
  readonly type: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Binds routes of the table to a listener: identity, form of the input, handler, form of the answer. */
export function mountRoutes(app: App, bindings: readonly RouteBinding[], options: MountOptions): void {
  addBodyParsers(app);
  const callers = new WeakMap<FastifyRequest, Caller>();
  for (const binding of bindings) {
    const { route } = binding;
    app.route({
      method: route.method,
      url: route.path,
      config: { binding },
      ...(isBytes(route.body) ? { bodyLimit: route.body.limit } : {}),
      onRequest: async (request) => {
        callers.set(request, await options.identify(request, route));
      },
      handler: async (request, reply) => {
        const caller = callers.get(request) ?? {};
        const run = () => answer(binding, contextOf(request, reply, route, caller, options));
        const sent = await (options.around?.(request, route, caller, run) ?? run());
        return send(reply, sent);
      },
    });
  }
}

/**
 * Aborted when the client leaves before its answer. Fastify's own `request.signal` listens to the request stream, which
 * closes as soon as a body has been read to its end.
 */
function clientGone(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}

function contextOf(
  request: FastifyRequest,
  reply: FastifyReply,
  route: Route,
  caller: Caller,
  options: MountOptions,
): Context<Route, unknown> {
  const signals = [clientGone(reply), options.stopping];
  if (route.longPoll === true) signals.push(AbortSignal.timeout(options.longPollMs));
  return {
    params: checked(route.params, request.params, 'path'),
    query: checked(route.query, request.query, 'query'),
    body: isBytes(route.body) ? request.body : checked(route.body as z.ZodType | undefined, request.body, 'body'),
    signal: AbortSignal.any(signals),
    correlationId: request.id,
    person: caller.person as Person,
    connector: caller.connector as ConnectorPeer,
    remoteAddress: request.ip,
  } as Context<Route, unknown>;
}

/** Parsed value; every fault at once. A part that the route does not have must be empty. */
function checked(schema: z.ZodType | undefined, value: unknown, part: string): unknown {
  if (schema === undefined) {
    const empty =
      value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);
    if (empty) return undefined;
    throw new CoordinatorError('BAD_REQUEST', `This route takes nothing in its ${part}.`);
  }
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => ({ path: [part, ...path].join('.'), message }));
  throw new CoordinatorError('BAD_REQUEST', `The ${part} does not have the expected form; each fault is listed.`, {
    faults,
  });
}

async function answer({ route, handler }: RouteBinding, context: Context<Route, unknown>): Promise<Sent> {
  const given = await handler(context);
  const { answer: value, headers } = given instanceof Reply ? given : { answer: given, headers: {} };
  const { response, status } = route;
  if (response === null) return { status, headers, type: undefined, body: undefined };
  if (isBytes(response)) {
    const body = value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value;
    return { status, headers, type: response.media, body };
  }
  const parsed = response.safeParse(value);
  if (!parsed.success) {
    // Our fault, never the caller's: the issues would tell them about our data.
    throw new CoordinatorError('INTERNAL', `The answer of ${route.name} breaks its contract.`, {
      cause: new ZodError(parsed.error.issues),
    });
  }
  return { status, headers, type: 'application/json', body: JSON.stringify(parsed.data) };
}

function send(reply: FastifyReply, { status, headers, type, body }: Sent): FastifyReply {
  reply.code(status);
  if (type !== undefined) reply.type(type);
  return reply.headers(headers).send(body);
}
