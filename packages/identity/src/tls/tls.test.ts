import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { type ConnectionOptions, connect, createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CertificateAuthority, createIssuingCa, createRootCa } from '../authority/ceremony.ts';
import { createIssuer, type IssuedCertificate, issueChecked } from '../authority/issuer.ts';
import { connectorLeafOrder, newSerial, serverLeafOrder } from '../authority/order.ts';
import { generateP256, spkiDer } from '../keys.ts';
import { connectorOfSocket, spiffeName } from '../name.ts';
import { newRef } from '../ref.ts';
import { ECDSA_SHA256, signingKey, verifyingKey, x509 } from '../x509.ts';
import { clientTls } from './client.ts';
import { connectorListenerTls, enrolmentListenerTls } from './listener.ts';
import { fetchPinnedRoot } from './pin.ts';

const now = new Date();
const DOMAIN = 'fed.example';
const name = spiffeName(DOMAIN, newRef(), 1);

interface World {
  root: CertificateAuthority;
  issuing: CertificateAuthority;
  key: KeyObject;
  server: IssuedCertificate;
  client: IssuedCertificate;
}

async function world(): Promise<World> {
  const root = await createRootCa({ now });
  const issuing = await createIssuingCa(root, { now });
  const issuer = createIssuer(issuing);
  const key = generateP256();
  const spki = spkiDer(key);
  const names = { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] };
  return {
    root,
    issuing,
    key,
    server: await issueChecked(issuer, serverLeafOrder({ spki, ...names, lifeSeconds: 86_400, now })),
    client: await issueChecked(issuer, connectorLeafOrder({ spki, name, lifeSeconds: 86_400, now })),
  };
}

let ours: World;
let theirs: World;
let listener: Server;
let enrolment: Server;
/** The same listener, but it lets everybody in and says what OpenSSL held against them. */
let oracle: Server;
const received: string[] = [];

/** Answers with the connector's name, or with `nobody` where no certificate is asked for. */
async function listen(options: TlsOptions): Promise<Server> {
  const server = createServer(options, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => received.push(data.toString()));
    socket.end(options.requestCert ? connectorOfSocket(socket, DOMAIN).uri : 'nobody');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const port = (server: Server) => (server.address() as AddressInfo).port;

/** What the server says, or the code of the error that ended the connection. */
async function ask(server: Server, options: ConnectionOptions): Promise<string> {
  const socket: TLSSocket = connect({ host: '127.0.0.1', port: port(server), ...options });
  let answer = '';
  socket.on('data', (data) => {
    answer += data;
  });
  try {
    await once(socket, 'close');
    return answer;
  } catch (error) {
    return `refused ${(error as NodeJS.ErrnoException).code}`;
  }
}

/** Refused by the listener without a byte of answer, for the reason that the oracle gives. */
async function refusal(options: ConnectionOptions): Promise<string> {
  expect(await ask(listener, options)).toMatch(/^$|^refused /);
  return ask(oracle, options);
}

function asConnector(chainPem: string, key: KeyObject): ConnectionOptions {
  return clientTls({ rootsPem: [ours.root.certificatePem], rootSpki: [ours.root.spki], chainPem, key });
}

beforeAll(async () => {
  [ours, theirs] = await Promise.all([world(), world()]);
  const { root, key, server } = ours;
  const chainPem = server.chainPem;
  listener = await listen(connectorListenerTls({ chainPem, key, rootsPem: [root.certificatePem] }));
  const strict = connectorListenerTls({ chainPem, key, rootsPem: [root.certificatePem] });
  oracle = createServer({ ...strict, rejectUnauthorized: false }, (socket) => {
    socket.on('error', () => {});
    socket.end(String(socket.authorizationError));
  });
  oracle.listen(0, '127.0.0.1');
  await once(oracle, 'listening');
  enrolment = await listen(enrolmentListenerTls({ chainPem, key, rootPem: root.certificatePem }));
});
afterAll(async () => {
  for (const server of [listener, oracle, enrolment]) await new Promise((done) => server.close(done));
});

describe('connector listener', () => {
  test('a connector is let in by its chain and known by its name', async () => {
    expect(await ask(listener, asConnector(ours.client.chainPem, ours.key))).toBe(name);
  });

  test('a certificate of another CA is refused', async () => {
    expect(await refusal(asConnector(theirs.client.chainPem, theirs.key))).toMatch(
      /SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER/,
    );
  });

  test('a leaf alone is refused', async () => {
    expect(await refusal(asConnector(ours.client.certificatePem, ours.key))).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  test('a certificate for servers only is refused', async () => {
    expect(await refusal(asConnector(ours.server.chainPem, ours.key))).toBe('INVALID_PURPOSE');
  });

  test('no certificate is refused', async () => {
    const options = clientTls({ rootsPem: [ours.root.certificatePem], rootSpki: [ours.root.spki] });
    expect(await ask(listener, options)).toMatch(/^refused ERR_SSL.*CERTIFICATE_REQUIRED$/);
  });

  test('TLS 1.2 is refused', async () => {
    const options = { ...asConnector(ours.client.chainPem, ours.key), minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' };
    expect(await ask(listener, options as ConnectionOptions)).toMatch(/^refused ERR_SSL.*PROTOCOL_VERSION$/);
  });

  test('a CA that somebody made below the issuing CA is refused', async () => {
    const { pem, key } = await belowIssuing();
    const leafKey = generateP256();
    const order = connectorLeafOrder({ spki: spkiDer(leafKey), name, lifeSeconds: 3_600, now });
    const leaf = await createIssuer({ certificatePem: pem, key }).issue(order);
    const chain = leaf + pem + ours.issuing.certificatePem;
    expect(await refusal(asConnector(chain, leafKey))).toBe('PATH_LENGTH_EXCEEDED');
  });

  test('an expired certificate is refused', async () => {
    const order = { ...connectorLeafOrder({ spki: spkiDer(ours.key), name, lifeSeconds: 3_600, now }) };
    const past = {
      ...order,
      notBefore: new Date(now.getTime() - 7_200_000),
      notAfter: new Date(now.getTime() - 2_000),
    };
    past.notBefore.setMilliseconds(0);
    past.notAfter.setMilliseconds(0);
    const { chainPem } = await issueChecked(createIssuer(ours.issuing), past);
    expect(await refusal(asConnector(chainPem, ours.key))).toBe('CERT_HAS_EXPIRED');
  });

  test('both ends agree on the hybrid key exchange, so recorded traffic stays closed to a later quantum computer', async () => {
    const options = asConnector(ours.client.chainPem, ours.key);
    const socket = connect({ host: '127.0.0.1', port: port(listener), ...options });
    socket.resume();
    await once(socket, 'secureConnect');
    const exchange = socket.getEphemeralKeyInfo() as { name?: string };
    await once(socket, 'close');
    expect(exchange.name).toBe('X25519MLKEM768');
  });

  test('a session is not resumed, so every connection is verified', async () => {
    const options = { host: '127.0.0.1', port: port(listener), ...asConnector(ours.client.chainPem, ours.key) };
    const first = connect(options);
    let session: Buffer | undefined;
    first.on('session', (ticket) => {
      session = ticket;
    });
    first.resume();
    await once(first, 'close');
    const second = connect({ ...options, ...(session && { session }) });
    second.resume();
    await once(second, 'secureConnect');
    const reused = second.isSessionReused();
    await once(second, 'close');
    expect(reused).toBe(false);
  });
});

/** A CA signed by our issuing CA: its path length of 0 forbids it. */
async function belowIssuing(): Promise<{ pem: string; key: KeyObject }> {
  const key = generateP256();
  const above = new x509.X509Certificate(ours.issuing.certificatePem);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: 'CN=below',
    issuer: above.subjectName,
    notBefore: new Date(now.getTime() - 60_000),
    notAfter: new Date(now.getTime() + 86_400_000),
    publicKey: verifyingKey(key),
    signingKey: signingKey(ours.issuing.key),
    signingAlgorithm: ECDSA_SHA256,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(verifyingKey(key)),
    ],
  });
  return { pem: `${certificate.toString('pem')}\n`, key };
}

describe('client', () => {
  test('pins the root, then is served by the verified coordinator', async () => {
    const rootSpki = [ours.root.spki];
    const pem = await fetchPinnedRoot({ host: '127.0.0.1', port: port(enrolment), rootSpki });
    expect(pem.trim()).toBe(ours.root.certificatePem.trim());
    expect(await ask(enrolment, clientTls({ rootsPem: [pem], rootSpki }))).toBe('nobody');
  });

  test('another root is refused before a byte is sent', async () => {
    received.length = 0;
    const asked = fetchPinnedRoot({ host: '127.0.0.1', port: port(enrolment), rootSpki: [theirs.root.spki] });
    await expect(asked).rejects.toThrow(expect.objectContaining({ code: 'PIN' }));
    expect(received).toEqual([]);
  });

  test('somebody who shows our root over his own leaf gets no further than the second connection', async () => {
    const chainPem = theirs.server.chainPem;
    const impostor = await listen(
      enrolmentListenerTls({ chainPem, key: theirs.key, rootPem: ours.root.certificatePem }),
    );
    const rootSpki = [ours.root.spki];
    const pinned = fetchPinnedRoot({ host: '127.0.0.1', port: port(impostor), rootSpki });
    await expect(pinned).rejects.toThrow(expect.objectContaining({ code: 'PIN' }));
    const options = clientTls({ rootsPem: [ours.root.certificatePem], rootSpki });
    expect(await ask(impostor, options)).toMatch(/^refused (SELF_SIGNED|UNABLE_TO)/);
    await new Promise((done) => impostor.close(done));
  });

  test('a connector certificate cannot stand in for the coordinator', async () => {
    const { client, key, root } = ours;
    const impostor = await listen(
      enrolmentListenerTls({ chainPem: client.chainPem, key, rootPem: root.certificatePem }),
    );
    const options = clientTls({ rootsPem: [root.certificatePem], rootSpki: [root.spki] });
    expect(await ask(impostor, options)).toMatch(/^refused /);
    await new Promise((done) => impostor.close(done));
  });

  test('another host name is refused', async () => {
    const pins = { rootsPem: [ours.root.certificatePem], rootSpki: [ours.root.spki] };
    expect(await ask(enrolment, clientTls({ ...pins, servername: 'other.example' }))).toBe(
      'refused ERR_TLS_CERT_ALTNAME_INVALID',
    );
  });

  test('a root that the roster does not name is not used', () => {
    const rootsPem = [ours.root.certificatePem, theirs.root.certificatePem];
    expect(() => clientTls({ rootsPem, rootSpki: [ours.root.spki] })).toThrow(expect.objectContaining({ code: 'PIN' }));
    expect(() => clientTls({ rootsPem: [], rootSpki: [ours.root.spki] })).toThrow(/no root/);
  });

  test('a pin on the issuing CA or the leaf does not make it a root', async () => {
    const rootSpki = [ours.issuing.spki];
    const rootsPem = [ours.issuing.certificatePem];
    expect(() => clientTls({ rootsPem, rootSpki })).toThrow(/not that of a self-signed CA/);
  });

  test('a peer that hangs up, one that says nothing and one that is given up do not hang the caller', async () => {
    const held: Socket[] = [];
    const mute = createTcpServer((socket) => void held.push(socket.on('error', () => {})));
    const rude = createTcpServer((socket) => socket.destroy());
    for (const server of [mute, rude]) await once(server.listen(0, '127.0.0.1'), 'listening');
    const ask = (server: TcpServer, more: object) =>
      fetchPinnedRoot({ host: '127.0.0.1', port: port(server as Server), rootSpki: [ours.root.spki], ...more });
    await expect(ask(rude, {})).rejects.toThrow(expect.objectContaining({ code: 'PIN' }));
    await expect(ask(mute, { timeoutMs: 20 })).rejects.toThrow(/no answer in time/);
    await expect(ask(mute, { signal: AbortSignal.abort() })).rejects.toThrow(/ABORT_ERR/);
    for (const socket of held) socket.destroy();
    for (const server of [mute, rude]) server.close();
  });

  test('a port where nobody answers is said so', async () => {
    const asked = fetchPinnedRoot({ host: '127.0.0.1', port: 1, rootSpki: [ours.root.spki] });
    await expect(asked).rejects.toThrow(/ECONNREFUSED/);
  });
});
