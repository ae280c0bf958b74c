import { errorCode, type Logger, newCorrelationId } from '@sumveil/telemetry';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { databaseFault } from '../db/faults.ts';
import { CoordinatorError } from '../error.ts';
import type { Timings } from '../timings.ts';
import { version } from '../version.ts';
import { problemOf } from './problem.ts';
import { SlowReaders } from './slow-readers.ts';

export type App = FastifyInstance;

/** Names a listener in logs and metrics. */
export type ListenerName = 'connector' | 'enrolment' | 'management' | 'ops';

interface ServerOptions {
  readonly listener: ListenerName;
  readonly logger: Logger;
  /** Undefined for the cluster-internal ops listener only. */
  readonly tls: object | undefined;
  readonly bodyLimit?: number;
  readonly timings: Pick<Timings, 'requestHeaders' | 'requestBody' | 'requestLook' | 'answer'>;
}

/** Options of governance.md section 9; why each of them is as it is stands there. */
export function createServer({ listener, logger, tls, bodyLimit = 65_536, timings }: ServerOptions): App {
  const transport = {
    handshakeTimeout: timings.requestHeaders,
    headersTimeout: timings.requestHeaders,
    connectionsCheckingInterval: timings.requestLook,
    maxHeaderSize: 8_192,
  };
  const app = fastify({
    ...(tls === undefined ? { http: transport } : { https: { ...tls, ...transport } }),
    requestTimeout: timings.requestBody,
    // Longer than a slow body may take, which would otherwise end as 503 instead of 408.
    handlerTimeout: timings.requestBody + 30_000,
    keepAliveTimeout: 30_000,
    maxRequestsPerSocket: 1_000,
    bodyLimit,
    trustProxy: false,
    requestIdHeader: false,
    genReqId: () => newCorrelationId(),
    exposeHeadRoutes: false,
    return503OnClosing: true,
    forceCloseConnections: 'idle',
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    routerOptions: { maxParamLength: 100 },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false, allErrors: false } },
  } as object) as unknown as App;

  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply, listener, logger));
  app.setNotFoundHandler((request, reply) => {
    const absent = new CoordinatorError('NOT_FOUND', `There is no ${request.method} under this path.`);
    return sendProblem(absent, request, reply, listener, logger);
  });
  app.addHook('onRequest', async (request) => {
    // Fastify would parse the compressed bytes as they are (tried).
    const encoding = request.headers['content-encoding'];
    if (encoding === undefined || encoding === 'identity') return;
    throw new CoordinatorError('UNSUPPORTED_MEDIA', 'The body has a Content-Encoding; send the bytes as they are.');
  });
  app.addHook('onRequest', async (request) => {
    // Nobody reads a body of these: Node would take it in and throw it away, for as long as it comes.
    if (!['GET', 'HEAD', 'OPTIONS'].includes(request.method)) return;
    const { 'content-length': length, 'transfer-encoding': chunked } = request.headers;
    if (chunked === undefined && (length ?? '0') === '0') return;
    throw new CoordinatorError('TOO_LARGE', `A ${request.method} takes no body; nothing of it was read.`);
  });
  app.addHook('onSend', async (request, reply) => {
    reply.headers({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store', 'x-correlation-id': request.id });
    // Both sides' doctors compare releases. Who joins has not shown who it is yet, and learns nothing.
    if (listener !== 'enrolment') reply.header('server', `sumveil/${version}`);
  });
  const readers = new SlowReaders(timings.answer);
  app.addHook('onSend', async (request, reply, payload) => {
    // Rest of a refused body: it is not read, so the connection cannot serve another request.
    if (reply.statusCode >= 400 && !request.raw.complete) reply.header('connection', 'close');
    const route = request.routeOptions?.url ?? listener;
    return readers.watch(reply, payload, () =>
      logger.event('answer.unread', { route, durationMs: reply.elapsedTime, correlation: request.id }),
    );
  });
  return app;
}

function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  listener: ListenerName,
  logger: Logger,
) {
  const problem = problemOf(databaseFault(error) ?? error, request.id);
  const event = problem.ours ? 'request.failed' : 'request.refused';
  logger.event(event, {
    code: problem.ours ? errorCode(error) : problem.body.code,
    // The pattern, never the path: paths carry ids.
    route: request.routeOptions?.url ?? listener,
    status: problem.status,
    durationMs: reply.elapsedTime,
    correlation: request.id,
  });
  return reply
    .code(problem.status)
    .headers(problem.headers)
    .type('application/problem+json')
    .send(JSON.stringify(problem.body));
}
