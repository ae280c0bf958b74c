import { bad, type Check, good, warn } from './diagnosis.ts';
import type { Probe } from './probe.ts';
import { clockCheck, expiryCheck } from './time-checks.ts';

/**
 * What a probe found, as checks: network, TLS, the other side's certificate, clocks, releases.
 *
 * @param o.version release on this side
 * @param o.client words for who shows a certificate here, when somebody does
 */
export function linkChecks(found: Probe, o: { version: string; now: number; client?: string }): Check[] {
  const where = `${found.host}:${found.port}`;
  const { fault, certificate, clockAheadMs, version } = found;
  if (fault?.step === 'name')
    return [bad('network', `the name ${found.host} cannot be resolved (${fault.code})`, NEXT.name)];
  if (fault?.step === 'tcp') return [bad('network', `nothing answers at ${where} (${fault.code})`, NEXT.tcp)];
  const network = good('network', `${found.host} is ${found.addresses.join(', ')}; port ${found.port} is open`);
  const server =
    certificate &&
    expiryCheck('server-cert', 'the coordinator’s certificate', certificate, {
      now: o.now,
      next: 'The platform operator issues a new one with the key ceremony and gives it to the api.',
    });
  if (fault?.step === 'tls') {
    const why = distrust[fault.code] ?? `the handshake failed (${fault.code})`;
    const next = certificate ? NEXT.tls : NEXT.handshake;
    return [network, bad('tls', `${where} is not trusted: ${why}`, next), ...(server ? [server] : [])];
  }
  const trusted = server ? [server] : [];
  if (fault) {
    const refused = o.client && (fault.code.includes('ALERT') || fault.code === 'ECONNRESET');
    const check = refused
      ? bad('tls', `${where} refuses ${o.client} (${fault.code})`, NEXT.client)
      : bad('tls', `${where} gives no answer to a request (${fault.code})`, NEXT.http);
    return [network, check, ...trusted];
  }
  return [
    network,
    good('tls', `TLS 1.3; the chain ends in the pinned root${o.client ? '; both sides are known' : ''}`),
    // Before everything that is judged by a clock.
    ...(clockAheadMs === undefined ? [] : [clockCheck('the coordinator', clockAheadMs)]),
    ...trusted,
    versionCheck(o.version, version),
  ];
}

const NEXT = {
  name: 'Check the address and this machine’s name server.',
  tcp: 'Allow the outbound connection; ask the operator whether the listener runs.',
  tls: 'Check address and root certificate; if both are right, somebody stands in between: call the platform operator, send nothing.',
  handshake: 'TLS 1.3 must reach the coordinator itself: no inspection, no TLS-ending proxy on the way.',
  client: 'Its certificate may have ended or been revoked: look at its days, then ask the platform operator.',
  http: 'Check that the address is the coordinator’s and not another server’s.',
} as const;

/** OpenSSL's and Node's words for people. */
const distrust: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'a certificate of its chain has expired',
  CERT_NOT_YET_VALID: 'a certificate of its chain is not valid yet; is this clock behind?',
  SELF_SIGNED_CERT_IN_CHAIN: 'its chain ends in another root than the pinned one',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its chain does not lead to the pinned root',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its chain does not lead to the pinned root',
  CERT_SIGNATURE_FAILURE: 'a signature of its chain is wrong',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name than this address',
};

function versionCheck(own: string, other: string | undefined): Check {
  if (other === undefined) return good('version', `${own} here; the coordinator does not say its own`);
  if (other === own) return good('version', `${own} on both sides`);
  return warn(
    'version',
    `${own} here, ${other} at the coordinator`,
    'Bring both to the same release; a run needs the same training code on all sides.',
  );
}
