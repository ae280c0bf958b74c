import type { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { request } from 'node:https';
import { connect as connectTcp, isIP } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

const TIMEOUT_MS = 5_000;

/** How far a connection comes, one step after the other, and what the other side shows on the way. */
export interface Probe {
  readonly host: string;
  readonly port: number;
  /** Step at which it ended, with the system's own code; undefined when an answer came. */
  readonly fault: { readonly step: 'name' | 'tcp' | 'tls' | 'http'; readonly code: string } | undefined;
  readonly addresses: readonly string[];
  /** What the server shows, whether it is trusted or not. */
  readonly certificate?: X509Certificate | undefined;
  /** How far the server's clock is ahead of this one, from its Date header: good to about a second. */
  readonly clockAheadMs?: number | undefined;
  /** Release that the server names. */
  readonly version?: string | undefined;
}

/**
 * Name, TCP, TLS, HTTP. The certificate is looked at on a connection that trusts nothing, sends nothing and shows no
 * certificate of its own; a request goes out only on a second one, which trusts what `tls` says and no more.
 *
 * @param now ms since 1970
 */
export async function probe(url: string, tls: ConnectionOptions, now: () => number = Date.now): Promise<Probe> {
  const { hostname, port: text } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const port = Number(text || 443);
  let addresses: string[] = [];
  let certificate: X509Certificate | undefined;
  const ended = (step: 'name' | 'tcp' | 'tls' | 'http', error: unknown): Probe => {
    return { host, port, addresses, certificate, fault: { step, code: codeOf(error) } };
  };
  try {
    addresses = (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    return ended('name', error);
  }
  try {
    await openTcp(host, port);
  } catch (error) {
    return ended('tcp', error);
  }
  try {
    const shown = await showCertificate(host, port, tls);
    certificate = shown.certificate;
    if (shown.distrust !== undefined) return ended('tls', { code: shown.distrust });
  } catch (error) {
    return ended('tls', error);
  }
  try {
    const before = now();
    const { date, server } = await ask(url, tls);
    const middle = (before + now()) / 2;
    const version = /^sumveil\/(\S+)$/.exec(server)?.[1];
    // The header has whole seconds, rounded down.
    const clockAheadMs = date === undefined ? undefined : Date.parse(date) + 500 - middle;
    return { host, port, addresses, certificate, fault: undefined, clockAheadMs, version };
  } catch (error) {
    return ended('http', error);
  }
}

function openTcp(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host, port, timeout: TIMEOUT_MS });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => socket.destroy(timedOut()));
    socket.once('error', reject);
  });
}

function showCertificate(
  host: string,
  port: number,
  { cert: _, key: __, ...tls }: ConnectionOptions,
): Promise<{ certificate: X509Certificate | undefined; distrust: string | undefined }> {
  return new Promise((resolve, reject) => {
    const name = isIP(host) ? {} : { servername: host };
    const socket = connectTls({ host, port, ...name, ...tls, rejectUnauthorized: false, timeout: TIMEOUT_MS });
    socket.once('secureConnect', () => {
      const reason: unknown = socket.authorizationError;
      const distrust = socket.authorized ? undefined : typeof reason === 'string' ? reason : codeOf(reason);
      resolve({ certificate: socket.getPeerX509Certificate(), distrust });
      socket.destroy();
    });
    socket.once('timeout', () => socket.destroy(timedOut()));
    socket.on('error', reject);
  });
}

/** Any answer will do: that there is no such path is one. */
function ask(url: string, tls: ConnectionOptions): Promise<{ date: string | undefined; server: string }> {
  return new Promise((resolve, reject) => {
    const call = request(new URL('/', url), { ...tls, agent: false, timeout: TIMEOUT_MS }, (answer) => {
      const { date, server } = answer.headers;
      answer.resume();
      answer.once('end', () => resolve({ date, server: String(server ?? '') }));
      answer.once('error', reject);
    });
    call.once('timeout', () => call.destroy(timedOut()));
    call.once('error', reject);
    call.end();
  });
}

function timedOut(): Error {
  return Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' });
}

function codeOf(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return typeof code === 'string' ? code : typeof message === 'string' ? message : 'UNKNOWN';
}
