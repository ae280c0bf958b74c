import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, expectTypeOf, it } from 'vitest';
import { ClientError, createClient } from './index.ts';

let server: Server | undefined;
afterEach(() => server?.close());

async function listen(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((done) => server!.once('listening', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const problem = (code: string, status: number) =>
  JSON.stringify({ type: 'about:blank', title: 't', status, code, detail: 'd', next: 'n', correlationId: 'c1' });
const planHash = 'A'.repeat(43);

describe('client', () => {
  it('fills path and query and answers what the schema says', async () => {
    const seen: string[] = [];
    const baseUrl = await listen((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ tasks: [] }));
    });
    const client = createClient({ baseUrl });
    const answer = await client.call('tasks', { query: { known: '1,2' } });
    expectTypeOf(answer.tasks).items.toHaveProperty('planHash').toEqualTypeOf<string>();
    expect(answer).toEqual({ tasks: [] });
    expect(seen).toEqual(['GET /v1/tasks?known=1%2C2']);
    await client.close();
  });

  it('sends and receives bytes as they are', async () => {
    const baseUrl = await listen((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part) => parts.push(part));
      request.on('end', () => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ digest: Buffer.concat(parts).toString('hex'), size: parts.length }));
      });
    });
    const client = createClient({ baseUrl });
    const body = Buffer.from([0, 1, 255]);
    const answer = await client.call('uploadChunk', { params: { planHash, segment: 0, chunk: 0 }, body });
    expect(answer.digest).toBe('0001ff');
    await client.close();
  });

  it('turns problem details into one error with code, next step and correlation id', async () => {
    const baseUrl = await listen((_, response) => {
      response.writeHead(409, { 'content-type': 'application/problem+json' });
      response.end(problem('ROUND_CLOSED', 409));
    });
    const client = createClient({ baseUrl });
    const call = client.call('submitMessage', { params: { planHash, kind: 'm0' }, body: Buffer.from('x') });
    await expect(call).rejects.toMatchObject({ code: 'ROUND_CLOSED', status: 409, next: 'n', correlationId: 'c1' });
    await client.close();
  });

  it('repeats after 503 and keeps the idempotency key; never repeats an enrolment', async () => {
    const keys: unknown[] = [];
    let answers = 0;
    const baseUrl = await listen((request, response) => {
      keys.push(request.headers['idempotency-key']);
      answers += 1;
      response.writeHead(answers === 1 ? 503 : 204, { 'retry-after': '0', 'content-type': 'application/problem+json' });
      response.end(answers === 1 ? problem('UNAVAILABLE', 503) : undefined);
    });
    const client = createClient({ baseUrl });
    const body = { ticket: 'T-1', reason: 'lost' };
    await client.call('revokeConnector', { params: { tenantRef: 'a'.repeat(16) }, body });
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
    answers = 0;
    const proof = 'A'.repeat(86);
    const enrol = { token: planHash, csr: 'x', rosterKey: planHash, rosterProof: proof, witnessKey: planHash };
    await expect(client.call('enroll', { body: { ...enrol, witnessProof: proof } })).rejects.toThrow(ClientError);
    expect(keys).toHaveLength(3);
    await client.close();
  });

  it('refuses a wrong input without a request, and an answer that is not the promised one', async () => {
    let requests = 0;
    const baseUrl = await listen((_, response) => {
      requests += 1;
      response.end('{"tasks":[{"id":"x"}]}');
    });
    const client = createClient({ baseUrl });
    await expect(client.call('tasks', { query: { known: 'x' } })).rejects.toMatchObject({ code: 'INPUT' });
    expect(requests).toBe(0);
    await expect(client.call('tasks', {})).rejects.toMatchObject({ code: 'ANSWER' });
    await client.close();
  });

  it('ends a call at its limit and when the caller stops it', async () => {
    const baseUrl = await listen(() => {});
    const client = createClient({ baseUrl });
    await expect(client.call('tasks', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'TIMED_OUT' });
    const stop = new AbortController();
    const call = client.call('tasks', { signal: stop.signal });
    stop.abort();
    await expect(call).rejects.toMatchObject({ code: 'ABORTED' });
    await client.close();
  });

  it('takes as long as something comes, and ends when nothing has come for a while', async () => {
    const params = { digest: `sha256:${'0'.repeat(64)}` };
    let pieces = 12;
    const baseUrl = await listen((_, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      response.write('x');
      const each = setInterval(() => (--pieces > 0 ? response.write('x') : clearInterval(each)), 50);
      if (pieces === 12) setTimeout(() => response.end(), 50 * 13);
    });
    const client = createClient({ baseUrl, quietMs: 300, tries: 1 });
    expect(await client.call('artifact', { params })).toHaveLength(12);
    // Now one that stands still after a few.
    pieces = 4;
    const started = performance.now();
    await expect(client.call('artifact', { params })).rejects.toMatchObject({ code: 'TIMED_OUT' });
    expect(performance.now() - started).toBeGreaterThan(300 + 3 * 40);
    pieces = 4;
    const whole = client.call('artifact', { params, timeoutMs: 100 });
    await expect(whole).rejects.toMatchObject({ code: 'TIMED_OUT' });
    await client.close();
  });

  it('says NETWORK when nobody listens', async () => {
    const baseUrl = await listen(() => {});
    server!.close();
    const client = createClient({ baseUrl, tries: 2 });
    await expect(client.call('tasks', {})).rejects.toMatchObject({ code: 'NETWORK', status: 0 });
    await client.close();
  });
});
