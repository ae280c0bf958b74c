import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import {
  checkCsr,
  checkEnrolmentProofs,
  checkExpiredRenewal,
  checkRenewal,
  connectorLeafOrder,
  connectorListenerTls,
  connectorOfSocket,
  createCsr,
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
  /** Serial of the certificate of this connection, or ''. */
  readonly serial: string;
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
  readonly name: string;
}

/** A certificate that was given out: what it replaced, and how the connector asked. */
export interface Issued {
  readonly serial: string;
  readonly key: KeyObject;
  readonly idx: number;
  readonly replaces?: string;
  readonly via: 'token' | 'mtls' | 'roster-key';
  readonly chain: string;
}

export interface TlsWorld {
  readonly enrolUrl: string;
  readonly coordinatorUrl: string;
  readonly rootSpki: string;
  /** Tenants that have enrolled, by index. */
  readonly enrolled: Map<number, Enrolled>;
  /** Certificates in the order in which they were given out. */
  readonly issued: Issued[];
  /**
   * Changes how certificates are given out from now on: `lost` gives one that never arrives, `forgotten` one that nobody knows
   * afterwards, as after a restored backup. `busy` counts the first enrolments that hear that the signer is away.
   */
  readonly authority: {
    lifeSeconds: number;
    madeBefore: number;
    answer: 'chain' | 'lost' | 'refused' | 'forgotten';
    busy: number;
  };
  /** Serials that were forgotten. */
  readonly forgotten: Set<string>;
  /** Tokens that arrived at the enrolment listener. */
  readonly tokens: string[];
  invite(): { text: string; ref: string; idx: number };
  /** Gives out one more certificate for a key of this tenant, as if it had been there from the beginning. */
  certify(idx: number, key: KeyObject): Promise<string>;
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

  const issued: Issued[] = [];
  const forgotten = new Set<string>();
  const authority: TlsWorld['authority'] = { lifeSeconds: 7 * 86_400, madeBefore: 0, answer: 'chain', busy: 0 };
  const bytes = (text: string) => Buffer.from(text, 'base64url');

  async function certify(
    csrText: string,
    o: Omit<Issued, 'serial' | 'key' | 'chain'> & { name: string },
  ): Promise<string> {
    if (authority.answer === 'refused') throw new Refusal('ENROLMENT_REFUSED');
    const csr = await checkCsr(csrText);
    const before = issued.find(({ replaces }) => replaces !== undefined && replaces === o.replaces);
    if (before) {
      if (!spkiDer(before.key).equals(csr.spki)) throw new Refusal('ENROLMENT_REFUSED');
      if (authority.answer === 'lost') throw new Refusal('INTERNAL');
      return before.chain;
    }
    const { lifeSeconds, madeBefore } = authority;
    const at = new Date(Date.now() - madeBefore * 1_000);
    const order = connectorLeafOrder({ spki: csr.spki, name: o.name, lifeSeconds, leastSeconds: 1, now: at });
    const { chainPem: chain, serial } = await issueChecked(issuer, order);
    if (authority.answer === 'forgotten') forgotten.add(serial);
    else issued.push({ ...o, serial, key: csr.publicKey, chain });
    if (authority.answer === 'lost') throw new Refusal('INTERNAL');
    return chain;
  }

  async function enroll({ body }: Asked): Promise<unknown> {
    const b = JSON.parse(body.toString());
    if (b.expired) return comeBack(b);
    if (authority.busy-- > 0) throw new Refusal('UNAVAILABLE');
    tokens.push(b.token);
    const tokenHash = sha256(fromBase64url(b.token, 32));
    const invitation = invitations.get(toBase64url(tokenHash));
    if (!invitation) throw new Refusal('ENROLMENT_REFUSED');
    invitations.delete(toBase64url(tokenHash));
    const proofs = {
      rosterKey: bytes(b.rosterKey),
      rosterProof: bytes(b.rosterProof),
      witnessKey: bytes(b.witnessKey),
      witnessProof: bytes(b.witnessProof),
    };
    checkEnrolmentProofs({ ...proofs, tokenHash, csrSpki: (await checkCsr(b.csr)).spki });
    const { ref: tenantRef, idx } = invitation;
    const name = spiffeName(TRUST_DOMAIN, tenantRef, 1);
    const chain = await certify(b.csr, { name, idx, via: 'token' });
    enrolled.set(idx, { ...invitation, rosterKey: b.rosterKey, witnessKey: b.witnessKey, name });
    return { tenantRef, name, chain, root: root.certificatePem, idx };
  }

  async function renew({ body, serial }: Asked): Promise<unknown> {
    const { csr, proof } = JSON.parse(body.toString());
    const old = issued.find((one) => one.serial === serial)!;
    checkRenewal({ serial, csrSpki: (await checkCsr(csr)).spki, oldKey: old.key, proof: bytes(proof) });
    const { idx } = old;
    return { chain: await certify(csr, { name: enrolled.get(idx)!.name, idx, replaces: serial, via: 'mtls' }) };
  }

  async function comeBack({ expired, csr, proof }: Record<'expired' | 'csr' | 'proof', string>): Promise<unknown> {
    const { idx } = issued.find((one) => one.serial === expired)!;
    const { rosterKey, ref: tenantRef, name } = enrolled.get(idx)!;
    const csrSpki = (await checkCsr(csr)).spki;
    checkExpiredRenewal({ serial: expired, csrSpki, rosterKey: bytes(rosterKey), proof: bytes(proof) });
    const chain = await certify(csr, { name, idx, replaces: expired, via: 'roster-key' });
    return { tenantRef, name, chain, root: root.certificatePem, idx };
  }

  const rootsPem = [root.certificatePem];
  const enrolment = await listen(enrolmentListenerTls({ chainPem, key, rootPem: root.certificatePem }), { enroll });
  const connector = await listen(connectorListenerTls({ chainPem, key, rootsPem }), { renew, ...handlers }, forgotten);
  return {
    enrolUrl: enrolment.url,
    coordinatorUrl: connector.url,
    rootSpki: root.spki,
    enrolled,
    issued,
    forgotten,
    authority,
    tokens,
    invite() {
      const join = newJoinString(root.spki);
      const invitation = { ref: newRef(), idx: invitations.size + enrolled.size + 1 };
      invitations.set(toBase64url(join.tokenHash), invitation);
      return { text: join.text, ...invitation };
    },
    async certify(idx, key) {
      return certify(await createCsr(key), { name: enrolled.get(idx)!.name, idx, via: 'token' });
    },
    async close() {
      for (const server of [enrolment.server, connector.server]) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

async function listen(
  tls: object,
  handlers: Handlers,
  strangers: ReadonlySet<string> = new Set(),
): Promise<{ url: string; server: Server }> {
  const server = createServer(tls, (request, response) => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    void answer(handlers, request, gone.signal, strangers).then(
      ({ status, value }) => {
        const bytes =
          value instanceof Uint8Array ? value : value === undefined ? undefined : Buffer.from(JSON.stringify(value));
        response.writeHead(status).end(bytes);
      },
      (error: unknown) => {
        const code = error instanceof Refusal ? error.code : 'INTERNAL';
        const [status, title, next] = problems[code];
        // A connection that shows an unknown certificate is closed after its answer, as the connector listener does.
        const closing = code === 'UNAUTHENTICATED' ? { connection: 'close' } : {};
        response.writeHead(status, { 'content-type': 'application/problem+json', ...closing });
        response.end(
          JSON.stringify({ type: 'about:blank', title, status, code, detail: String(error), next, correlationId: 'c' }),
        );
      },
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

async function answer(
  handlers: Handlers,
  request: IncomingMessage,
  signal: AbortSignal,
  strangers: ReadonlySet<string>,
) {
  const url = new URL(request.url!, 'https://localhost');
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  for (const [name, handler] of Object.entries(handlers)) {
    const route: Route = routes[name as keyof typeof routes];
    const params = match(route, request.method!, url.pathname);
    if (!params) continue;
    const socket = route.listener === 'connector' ? (request.socket as TLSSocket) : undefined;
    const tenantRef = socket ? connectorOfSocket(socket, TRUST_DOMAIN).tenantRef : '';
    const serial = socket?.getPeerX509Certificate()?.serialNumber ?? '';
    if (strangers.has(serial)) throw new Refusal('UNAUTHENTICATED');
    const asked = { params, query: url.searchParams, body: Buffer.concat(parts), tenantRef, serial, signal };
    const value = await handler(asked);
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
