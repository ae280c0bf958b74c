import type { KeyObject } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ClientError, createClient } from '@sumveil/client';
import { readPrivateFile } from '@sumveil/config';
import { clientTls, createCsr, fetchPinnedRoot, parseJoinString, proveEnrolment, spkiDer } from '@sumveil/identity';
import { routes, toBase64url } from '@sumveil/wire';
import { checkChain } from '../certificate/check-chain.ts';
import { firstTlsKey } from '../certificate/tls-files.ts';
import { ConnectorError } from '../error.ts';
import { type Membership, type OwnKeys, readMembership, storeMembership } from './identity-files.ts';

/** Fewer than what the enrolment listener answers one token. */
const MOST_ASKED = 5;

export interface EnrolmentOptions {
  readonly stateDir: string;
  readonly enrolUrl: string | undefined;
  readonly joinStringFile: string | undefined;
  readonly keys: OwnKeys;
}

/**
 * The connector's membership: what it stored when it enrolled, or a first enrolment (governance section 1, rules 3 to 7).
 * The root is pinned by the join string before the token is sent, and stays the only root until a roster is pinned.
 *
 * @throws ConnectorError `ENROLMENT`, `STATE`
 */
export async function membershipOf(options: EnrolmentOptions): Promise<Membership> {
  const stored = readMembership(options.stateDir);
  if (stored) return stored;
  const { enrolUrl, joinStringFile, stateDir } = options;
  if (!enrolUrl || !joinStringFile)
    throw new ConnectorError(
      'ENROLMENT',
      'Not enrolled, and no join string is configured.',
      'Set ENROL_URL and JOIN_STRING_FILE.',
    );
  const tls = firstTlsKey(stateDir);
  const { member, chainPem } = await exchange(enrolUrl, readJoinString(joinStringFile), options.keys, tls);
  storeMembership(stateDir, member, chainPem);
  return member;
}

function readJoinString(path: string) {
  return parseJoinString(readPrivateFile(path, { maxBytes: 4_096 }).toString('utf8').trim());
}

async function exchange(
  enrolUrl: string,
  join: ReturnType<typeof parseJoinString>,
  keys: OwnKeys,
  tls: KeyObject,
): Promise<{ member: Membership; chainPem: string }> {
  const { hostname, port } = new URL(enrolUrl);
  const rootSpki = [join.rootSpki];
  const host = hostname.replace(/^\[|\]$/g, '');
  const rootPem = await fetchPinnedRoot({ host, port: Number(port || 443), rootSpki });
  const client = createClient(
    { enroll: routes.enroll },
    { baseUrl: enrolUrl, tls: clientTls({ rootsPem: [rootPem], rootSpki }) },
  );
  try {
    const csrSpki = spkiDer(tls);
    const proofs = proveEnrolment({ token: join.token, csrSpki, rosterKey: keys.roster, witnessKey: keys.witness });
    const body = {
      token: toBase64url(join.token),
      csr: await createCsr(tls),
      rosterKey: toBase64url(proofs.rosterKey),
      rosterProof: toBase64url(proofs.rosterProof),
      witnessKey: toBase64url(proofs.witnessKey),
      witnessProof: toBase64url(proofs.witnessProof),
    };
    const answer = await whenSigned(() => client.call('enroll', { body }));
    const { tenantRef, name, idx, chain: chainPem } = answer;
    checkChain(chainPem, { rootPem, key: tls, name, tenantRef });
    return { member: { tenantRef, name, idx, rootSpki: join.rootSpki, rootPem }, chainPem };
  } catch (error) {
    throw enrolmentFault(error);
  } finally {
    await client.close();
  }
}

/**
 * A signer that is busy or away for a moment ends no enrolment: the request stays at the coordinator, and the same bytes
 * are answered when it is signed.
 */
async function whenSigned<T>(ask: () => Promise<T>): Promise<T> {
  for (let asked = 1; ; asked++) {
    try {
      return await ask();
    } catch (error) {
      if (asked === MOST_ASKED || !(error instanceof ClientError) || error.code !== 'UNAVAILABLE') throw error;
      await delay(1_000);
    }
  }
}

function enrolmentFault(error: unknown): unknown {
  if (!(error instanceof ClientError)) return error;
  const detail = `Enrolment failed (${error.code}): ${error.detail}`;
  return new ConnectorError(
    'ENROLMENT',
    detail,
    'Start again with the same folder and join string while it lives; after that, an empty folder and a new join string.',
    error,
  );
}
