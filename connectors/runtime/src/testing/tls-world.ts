import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import {
  checkCsr,
  checkEnrolmentProofs,
  connectorLeafOrder,
  connectorListenerTls,
  connectorOfSocket,
  createIssuer,
  createIssuingCa,
  createRootCa,
  enrolmentListenerTls,
  generateP256,
  issueChecked,
  newJoinString,
  newRef,
  serverLeafOrder,
  spiffeName,
  spkiDer,
} from '@sumveil/identity';
import { fromBase64url, type ProblemCode, problems, type Route, routes, sha256, toBase64url } from '@sumveil/wire';

export const TRUST_DOMAIN = 'sumveil.test';

/** What a handler of the small test server gets: parameters by the route's path, the tenant by its certificate. */
export interface Asked {
  readonly params: Record<string, string>;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  readonly tenantRef: string;
  readonly signal: AbortSignal;
}

/** JSON value, bytes, or undefined for 204. */
export type Handlers = Partial<Record<keyof typeof routes, (asked: Asked) => unknown>>;

export class Refusal extends Error {
  readonly code: ProblemCode;
  constructor(code: ProblemCode) {
    super(code);
    this.code = code;
  }
}

export interface Enrolled {
  readonly ref: string;
  readonly idx: number;
  readonly rosterKey: string;
  readonly witnessKey: string;
}

export interface TlsWorld {
  readonly enrolUrl: string;
  readonly coordinatorUrl: string;
  readonly rootSpki: string;
  /** Tenants that have enrolled, by index. */
  readonly enrolled: Map<number, Enrolled>;
  /** Tokens that arrived at the enrolment listener. */
  readonly tokens: string[];
  invite(): { text: string; ref: string; idx: number };
  close(): Promise<void>;
}

/** Both TLS listeners of a coordinator with a CA of their own; what they answer is up to the handlers. */
export async function tlsWorld(handlers: Handlers): Promise<TlsWorld> {
  const now = new Date();
  const root = await createRootCa({ now });
  const issuing = await createIssuingCa(root, { now });
  const issuer = createIssuer(issuing);
  const key = generateP256();
  const order = serverLeafOrder({
    spki: spkiDer(key),
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    lifeSeconds: 86_400,
    now,
  });
  const { chainPem } = await issueChecked(issuer, order);
  const invitations = new Map<string, { ref: string; idx: number }>();
  const enrolled = new Map<number, Enrolled>();
  const tokens: string[] = [];

  async function enroll({ body }: Asked): Promise<unknown> {
    const b = JSON.parse(body.toString());
    tokens.push(b.token);
    const tokenHash = sha256(fromBase64url(b.token, 32));
    const invitation = invitations.get(toBase64url(tokenHash));
    if (!invitation) throw new Refusal('ENROLMENT_REFUSED');
    invitations.delete(toBase64url(tokenHash));
    const csr = await checkCsr(b.csr);
    const bytes = (text: string) => Buffer.from(text, 'base64url');
    const proofs = {
      rosterKey: bytes(b.rosterKey),
      rosterProof: bytes(b.rosterProof),
      witnessKey: bytes(b.witnessKey),
      witnessProof: bytes(b.witnessProof),
    };
    checkEnrolmentProofs({ ...proofs, tokenHash, csrSpki: csr.spki });
    const name = spiffeName(TRUST_DOMAIN, invitation.ref, 1);
    const leaf = await issueChecked(
      issuer,
      connectorLeafOrder({ spki: csr.spki, name, lifeSeconds: 7 * 86_400, now: new Date() }),
    );
    enrolled.set(invitation.idx, { ...invitation, rosterKey: b.rosterKey, witnessKey: b.witnessKey });
    return { tenantRef: invitation.ref, name, chain: leaf.chainPem, root: root.certificatePem, idx: invitation.idx };
  }

  const rootsPem = [root.certificatePem];
  const enrolment = await listen(enrolmentListenerTls({ chainPem, key, rootPem: root.certificatePem }), { enroll });
  const connector = await listen(connectorListenerTls({ chainPem, key, rootsPem }), handlers);
  return {
    enrolUrl: enrolment.url,
    coordinatorUrl: connector.url,
    rootSpki: root.spki,
    enrolled,
    tokens,
    invite() {
      const join = newJoinString(root.spki);
      const invitation = { ref: newRef(), idx: invitations.size + enrolled.size + 1 };
      invitations.set(toBase64url(join.tokenHash), invitation);
      return { text: join.text, ...invitation };
    },
    async close() {
      for (const server of [enrolment.server, connector.server]) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

async function listen(tls: object, handlers: Handlers): Promise<{ url: string; server: Server }> {
  const server = createServer(tls, (request, response) => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    void answer(handlers, request, gone.signal).then(
      ({ status, value }) => {
        const bytes =
          value instanceof Uint8Array ? value : value === undefined ? undefined : Buffer.from(JSON.stringify(value));
        response.writeHead(status).end(bytes);
      },
      (error: unknown) => {
        const code = error instanceof Refusal ? error.code : 'INTERNAL';
        const [status, title, next] = problems[code];
        response.writeHead(status, { 'content-type': 'application/problem+json' });
        response.end(
          JSON.stringify({ type: 'about:blank', title, status, code, detail: String(error), next, correlationId: 'c' }),
        );
      },
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

async function answer(handlers: Handlers, request: IncomingMessage, signal: AbortSignal) {
  const url = new URL(request.url!, 'https://localhost');
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  for (const [name, handler] of Object.entries(handlers)) {
    const route: Route = routes[name as keyof typeof routes];
    const params = match(route, request.method!, url.pathname);
    if (!params) continue;
    const tenantRef =
      route.listener === 'connector' ? connectorOfSocket(request.socket as TLSSocket, TRUST_DOMAIN).tenantRef : '';
    const value = await handler({ params, query: url.searchParams, body: Buffer.concat(parts), tenantRef, signal });
    return { status: route.status, value };
  }
  throw new Refusal('NOT_FOUND');
}

function match(route: Route, method: string, path: string): Record<string, string> | undefined {
  const [want, have] = [route.path.split('/'), path.split('/')];
  if (route.method !== method || want.length !== have.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, part] of want.entries()) {
    if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(have[i]!);
    else if (part !== have[i]) return undefined;
  }
  return params;
}
