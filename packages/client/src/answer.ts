import { problemDetails, problems, type Route } from '@sumveil/wire';
import type { Dispatcher } from 'undici';
import { ClientError } from './error.ts';
import { isBytes } from './request.ts';

const PROBLEM_LIMIT = 64 * 1024;
const JSON_LIMIT = 32 * 2 ** 20;

type Received = Dispatcher.ResponseData;

/**
 * @param came told of each piece of the body
 * @throws ClientError the problem that came, or `ANSWER` when what came is not what the route promises
 */
export async function readAnswer(route: Route, answer: Received, came: () => void): Promise<unknown> {
  if (answer.statusCode !== route.status) throw await problemOf(route, answer, came);
  if (route.response === null) {
    await answer.body.dump();
    return undefined;
  }
  if (isBytes(route.response)) return await readBytes(route, answer, route.response.limit, came);
  const parsed = route.response.safeParse(parseJson(route, await readBytes(route, answer, JSON_LIMIT, came)));
  if (!parsed.success) throw unexpected(route, answer, 'its body does not have the expected form');
  return parsed.data;
}

/** Counts while it reads: the peer decides what it sends, not how much memory it takes here. */
async function readBytes(route: Route, answer: Received, limit: number, came: () => void): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of answer.body as AsyncIterable<Buffer>) {
    came();
    size += part.length;
    if (size > limit) {
      answer.body.destroy();
      throw unexpected(route, answer, `it is longer than ${limit} bytes`);
    }
    parts.push(part);
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts, size);
}

async function problemOf(route: Route, answer: Received, came: () => void): Promise<ClientError> {
  const status = answer.statusCode;
  const retryAfterSeconds = seconds(answer.headers['retry-after']);
  const body = await readBytes(route, answer, PROBLEM_LIMIT, came);
  const parsed = problemDetails.safeParse(parseMaybe(body));
  if (!parsed.success) {
    // Not from the coordinator: a proxy or another server answers at this address.
    if (status === 503 || status === 502 || status === 504)
      return new ClientError('UNAVAILABLE', `${route.name}: status ${status} without an explanation.`, {
        status,
        next: problems.UNAVAILABLE[2],
        retryAfterSeconds,
      });
    return unexpected(route, answer, 'it carries no problem details');
  }
  const { code, detail, next, correlationId, reasons, faults } = parsed.data;
  return new ClientError(code, detail, { status, next, correlationId, reasons, faults, retryAfterSeconds });
}

function seconds(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,5}$/.test(header) ? Number(header) : undefined;
}

function parseJson(route: Route, bytes: Buffer): unknown {
  const value = parseMaybe(bytes);
  if (value === undefined) throw new ClientError('ANSWER', `${route.name}: the answer is not JSON.`);
  return value;
}

function parseMaybe(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

function unexpected(route: Route, answer: Received, why: string): ClientError {
  return new ClientError('ANSWER', `${route.name}: status ${answer.statusCode}, but ${why}.`, {
    status: answer.statusCode,
    next: 'Check that the address belongs to a coordinator of this release.',
  });
}
