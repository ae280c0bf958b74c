import type { KeyObject } from 'node:crypto';
import { createClient } from '@sumveil/client';
import { clientTls, createCsr, proveExpiredRenewal, proveRenewal, spkiDer } from '@sumveil/identity';
import { routes, toBase64url } from '@sumveil/wire';
import { ConnectorError } from '../error.ts';
import { requireOwnRoot } from '../roster/own-root.ts';
import type { Site } from '../site.ts';
import { checkChain } from './check-chain.ts';
import { nextTlsKey } from './tls-files.ts';

export type RenewalSite = Pick<
  Site,
  | 'certificate'
  | 'client'
  | 'member'
  | 'keys'
  | 'rosters'
  | 'stateDir'
  | 'enrolUrl'
  | 'board'
  | 'logger'
  | 'now'
  | 'stopping'
  | 'timings'
>;

/**
 * New key, same name, over the certificate that is replaced (governance section 1, rule 9).
 *
 * @returns PEM of the chain, checked
 * @throws ClientError, ConnectorError `ENROLMENT`
 */
export async function askOverMutualTls({
  certificate,
  client,
  member,
  stateDir,
  stopping,
}: RenewalSite): Promise<string> {
  const { key: tlsKey, certificate: old } = certificate.current();
  const key = nextTlsKey(stateDir);
  const proof = proveRenewal({ serial: old.serialNumber, csrSpki: spkiDer(key), tlsKey });
  const body = { csr: await createCsr(key), proof: toBase64url(proof) };
  const { chain } = await client.call('renew', { body, signal: stopping });
  return checked(chain, member, key);
}

/**
 * After expiry: the roster key speaks for the connector at the enrolment listener, under the root that was pinned when it
 * enrolled and that the pinned roster still names.
 *
 * @throws ClientError, ConnectorError `ENROLMENT`
 */
export async function askByRosterKey(site: RenewalSite): Promise<string> {
  const { certificate, member, keys, rosters, stateDir, enrolUrl, stopping } = site;
  requireOwnRoot(rosters.pinned(), member);
  if (!enrolUrl) {
    const next = 'Set SUMVEIL_CONNECTOR_ENROL_URL and start again; nobody has to do more.';
    throw new ConnectorError('ENROLMENT', 'The certificate has expired and the enrolment listener is not known.', next);
  }
  const serial = certificate.current().certificate.serialNumber;
  const key = nextTlsKey(stateDir);
  const proof = proveExpiredRenewal({ serial, csrSpki: spkiDer(key), rosterKey: keys.roster });
  const tls = clientTls({ rootsPem: [member.rootPem], rootSpki: [member.rootSpki] });
  const client = createClient({ enroll: routes.enroll }, { baseUrl: enrolUrl, tls });
  try {
    const body = { expired: serial, csr: await createCsr(key), proof: toBase64url(proof) };
    return checked((await client.call('enroll', { body, signal: stopping })).chain, member, key);
  } finally {
    await client.close();
  }
}

function checked(chain: string, { rootPem, name, tenantRef }: RenewalSite['member'], key: KeyObject): string {
  checkChain(chain, { rootPem, key, name, tenantRef });
  return chain;
}
