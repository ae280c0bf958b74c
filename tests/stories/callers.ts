import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { type PersonEntry, type Tenant, tokenOf, type World } from '@sumveil/constellation';
import { clientTls, readKeyFile, spkiPin } from '@sumveil/identity';
import { Agent, request } from 'undici';

/** Problem details, as far as a story looks at them. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly next: string;
  readonly reasons?: string[];
  readonly faults?: { path: string; message: string }[];
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly bytes: Buffer;
  /** Seconds; 0 when it does not say. */
  readonly retryAfter: number;
  readonly problem: Problem;
}

export interface RawRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

/** Requests as anybody could send them: no client library that would refuse to. */
export function rawCaller(
  baseUrl: string,
  tls: object,
): { send(o: RawRequest): Promise<Answer>; close(): Promise<void> } {
  const dispatcher = new Agent({ connect: tls });
  return {
    async send({ method, path, headers, body }) {
      const answer = await request(new URL(path, baseUrl), {
        method,
        dispatcher,
        ...(headers ? { headers } : {}),
        ...(body === undefined ? {} : { body }),
      });
      const bytes = Buffer.from(await answer.body.arrayBuffer());
      const type = String(answer.headers['content-type'] ?? '');
      const problem = (type.startsWith('application/problem+json') ? JSON.parse(bytes.toString()) : {}) as Problem;
      const retryAfter = Number(answer.headers['retry-after'] ?? 0);
      return { status: answer.statusCode, type, bytes, retryAfter, problem };
    },
    close: () => dispatcher.destroy(),
  };
}

/** Announces a body of some length and waits for what is answered before it is sent. */
export function announce(
  baseUrl: string,
  tls: object,
  o: Omit<RawRequest, 'body'> & { length: number },
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const headers = { ...o.headers, 'content-length': String(o.length) };
  const asked = https.request(new URL(o.path, baseUrl), { ...tls, agent: false, method: o.method, headers });
  asked.on('error', reject);
  asked.on('response', (answer) => {
    answer.toArray().then((pieces) => {
      asked.destroy();
      const bytes = Buffer.concat(pieces);
      const type = answer.headers['content-type'] ?? '';
      const retryAfter = Number(answer.headers['retry-after'] ?? 0);
      resolve({ status: answer.statusCode!, type, bytes, retryAfter, problem: JSON.parse(bytes.toString()) });
    }, reject);
  });
  asked.write('x');
  return promise;
}

export function managementTls(world: World): object {
  return { ca: [readFileSync(world.ground.rootPemFile, 'utf8')], minVersion: 'TLSv1.3' };
}

export function tokenFor(world: World, person: PersonEntry): Promise<string> {
  return tokenOf(world.ground.issuer, person.ref, person.secret);
}

/** TLS options of a tenant's own connector, from the files in its state folder. */
export function connectorTls({ stateDir }: Tenant): object {
  const rootPem = readFileSync(join(stateDir, 'root.pem'), 'utf8');
  return clientTls({
    rootsPem: [rootPem],
    rootSpki: [spkiPin(new X509Certificate(rootPem))],
    chainPem: readFileSync(join(stateDir, 'chain.pem'), 'utf8'),
    key: readKeyFile(join(stateDir, 'tls.key'), 'p256'),
  });
}
