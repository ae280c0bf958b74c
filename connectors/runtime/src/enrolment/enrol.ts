import { X509Certificate } from 'node:crypto';
import { ClientError, createClient } from '@sumveil/client';
import { readPrivateFile } from '@sumveil/config';
import { clientTls, createCsr, fetchPinnedRoot, parseJoinString, proveEnrolment, spkiDer } from '@sumveil/identity';
import { routes, toBase64url } from '@sumveil/wire';
import { ConnectorError } from '../error.ts';
import { type Membership, type OwnKeys, readMembership, storeMembership } from './identity-files.ts';

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
  if (stored) {
    if (!stored.certificate.checkPrivateKey(options.keys.tls))
      throw new ConnectorError(
        'STATE',
        'The stored certificate is not for this key.',
        'Enrol again in an empty folder.',
      );
    return stored;
  }
  const { enrolUrl, joinStringFile, stateDir } = options;
  if (!enrolUrl || !joinStringFile)
    throw new ConnectorError(
      'ENROLMENT',
      'Not enrolled, and no join string is configured.',
      'Set ENROL_URL and JOIN_STRING_FILE.',
    );
  const received = await exchange(enrolUrl, readJoinString(joinStringFile), options.keys);
  storeMembership(stateDir, received);
  return { ...received, certificate: new X509Certificate(received.chainPem) };
}

function readJoinString(path: string) {
  return parseJoinString(readPrivateFile(path, { maxBytes: 4_096 }).toString('utf8').trim());
}

async function exchange(enrolUrl: string, join: ReturnType<typeof parseJoinString>, keys: OwnKeys) {
  const { hostname, port } = new URL(enrolUrl);
  const rootSpki = [join.rootSpki];
  const host = hostname.replace(/^\[|\]$/g, '');
  const rootPem = await fetchPinnedRoot({ host, port: Number(port || 443), rootSpki });
  const client = createClient(
    { enroll: routes.enroll },
    { baseUrl: enrolUrl, tls: clientTls({ rootsPem: [rootPem], rootSpki }) },
  );
  try {
    const csrSpki = spkiDer(keys.tls);
    const proofs = proveEnrolment({ token: join.token, csrSpki, rosterKey: keys.roster, witnessKey: keys.witness });
    const answer = await client.call('enroll', {
      body: {
        token: toBase64url(join.token),
        csr: await createCsr(keys.tls),
        rosterKey: toBase64url(proofs.rosterKey),
        rosterProof: toBase64url(proofs.rosterProof),
        witnessKey: toBase64url(proofs.witnessKey),
        witnessProof: toBase64url(proofs.witnessProof),
      },
    });
    checkChain(answer.chain, rootPem, keys, answer);
    const { tenantRef, name, idx } = answer;
    return { tenantRef, name, idx, rootSpki: join.rootSpki, chainPem: answer.chain, rootPem };
  } catch (error) {
    throw enrolmentFault(error);
  } finally {
    await client.close();
  }
}

/** Leaf for our key and the answered name, issued by an issuer that the pinned root signed. */
function checkChain(
  chainPem: string,
  rootPem: string,
  keys: OwnKeys,
  answer: { tenantRef: string; name: string },
): void {
  const blocks = chainPem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const [leaf, issuing] = blocks.map((pem) => new X509Certificate(pem));
  const root = new X509Certificate(rootPem);
  const holds =
    blocks.length === 2 &&
    leaf!.checkPrivateKey(keys.tls) &&
    leaf!.checkIssued(issuing!) &&
    leaf!.verify(issuing!.publicKey) &&
    issuing!.ca &&
    issuing!.checkIssued(root) &&
    issuing!.verify(root.publicKey) &&
    leaf!.subjectAltName === `URI:${answer.name}` &&
    answer.name.includes(`/tenant/${answer.tenantRef}/connector/`);
  if (!holds)
    throw new ConnectorError(
      'ENROLMENT',
      'The coordinator answered with a certificate that is not ours or not under the pinned root.',
      'Tell the platform operator; nothing was stored.',
    );
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
