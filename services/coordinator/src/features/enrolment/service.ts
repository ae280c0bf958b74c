import { type CheckedCsr, checkCsr, checkEnrolmentProofs, IdentityError, spiffeName } from '@sumveil/identity';
import { fromBase64url, type InputOf, type routes, sha256, writtenDigest } from '@sumveil/wire';
import type { Tx } from '../../db/client.ts';
import type { Deps } from '../../deps.ts';
import { certificateOrderBytes } from '../../signing/certificate-order.ts';
import { readSignerPublic } from '../../signing/signer-public.ts';
import { refused } from './refusal.ts';
import { storeCertificate } from './store-certificate.ts';

export type EnrolmentRequest = Extract<InputOf<(typeof routes.enroll)['body']>, { token: string }>;

export interface Enrolled {
  tenantRef: string;
  name: string;
  chain: string;
  root: string;
  idx: number;
}

/**
 * Exchanges a one-time token for a certificate. The token is spent in the transaction that stores the connector; the same
 * request again, after an answer that was lost, gets the same certificate.
 */
export async function enroll(deps: Deps, request: EnrolmentRequest): Promise<Enrolled> {
  const tokenHash = sha256(fromBase64url(request.token, 32));
  try {
    const csr = await checkCsr(request.csr);
    checkProofs(request, tokenHash, csr);
    const { tenantRef, idx, name } = await spendToken(deps, request, tokenHash, csr);
    const chain = Buffer.from(await deps.sign.awaitSignature('certificate', subjectOf(tokenHash))).toString('utf8');
    const signed = { tenantRef, name, chain, spkiSha256: csr.spkiSha256 };
    await storeCertificate(deps, signed, async (_, written) => ({
      ...written,
      type: 'connector.enrolled',
      actor: { kind: 'connector', ref: tenantRef, via: 'enrolment' },
      tenantRef,
      connector: name,
      rosterKey: request.rosterKey,
      witnessKey: request.witnessKey,
      tokenHash: writtenDigest(tokenHash),
      secondFactor: 'none',
    }));
    deps.logger.event('message.accepted', { kind: 'enrolment', tenantRef });
    return { tenantRef, name, chain, root: readSignerPublic(deps.config.signerPublicFile).rootPem, idx };
  } catch (error) {
    throw await refused(deps, error, { tokenHash: writtenDigest(tokenHash) });
  }
}

function checkProofs(request: EnrolmentRequest, tokenHash: Buffer, csr: CheckedCsr): void {
  checkEnrolmentProofs({
    tokenHash,
    csrSpki: csr.spki,
    rosterKey: Buffer.from(fromBase64url(request.rosterKey, 32)),
    rosterProof: Buffer.from(fromBase64url(request.rosterProof, 64)),
    witnessKey: Buffer.from(fromBase64url(request.witnessKey, 32)),
    witnessProof: Buffer.from(fromBase64url(request.witnessProof, 64)),
  });
}

const subjectOf = (tokenHash: Buffer) => `token:${tokenHash.toString('hex')}`;

async function spendToken(deps: Deps, request: EnrolmentRequest, tokenHash: Buffer, csr: CheckedCsr) {
  const hash = Uint8Array.from(tokenHash);
  const [rosterKey, witnessKey] = [request.rosterKey, request.witnessKey].map((key) =>
    Uint8Array.from(fromBase64url(key, 32)),
  );
  return deps.db.transaction(async (tx) => {
    const spent = await tx.$queryRaw<{ tenant_ref: string; spki_hash: Uint8Array | null }[]>`
      UPDATE join_token SET used_at = now() WHERE hash = ${hash} AND used_at IS NULL AND expires_at > now()
      RETURNING tenant_ref, spki_hash`;
    if (spent.length === 0) return sameRequestAgain(tx, request, hash, csr);
    const { tenant_ref: tenantRef, spki_hash: bound } = spent[0]!;
    if (bound && !csr.spkiSha256.equals(bound))
      throw new IdentityError('CSR', 'the request carries another key than the join string is bound to');
    const tenant = await tx.tenant.findUniqueOrThrow({ where: { ref: tenantRef } });
    const known = await tx.connector.findFirst({
      where: { OR: [{ rosterKey }, { witnessKey }, { rosterKey: witnessKey }, { witnessKey: rosterKey }] },
    });
    if (known || tenant.status !== 'active')
      throw new IdentityError('PROOF', 'keys are known already, or the tenant is suspended');
    const n = (await tx.connector.count({ where: { tenantRef } })) + 1;
    const name = spiffeName(deps.config.trustDomain, tenantRef, n);
    await tx.connector.create({ data: { name, tenantRef, n, rosterKey: rosterKey!, witnessKey: witnessKey! } });
    await deps.sign.requestSignature(
      tx,
      'certificate',
      subjectOf(tokenHash),
      orderOf(request, name, tokenHash, deps.timings.certificateSeconds),
    );
    return { tenantRef, idx: tenant.idx, name };
  });
}

/** A spent token admits exactly the request that spent it, by its keys, while no certificate is stored for it. */
async function sameRequestAgain(tx: Tx, request: EnrolmentRequest, hash: Uint8Array<ArrayBuffer>, csr: CheckedCsr) {
  const token = await tx.joinToken.findUnique({ where: { hash } });
  const rosterKey = Uint8Array.from(fromBase64url(request.rosterKey, 32));
  const connector = await tx.connector.findUnique({ where: { rosterKey }, include: { certificates: true } });
  const subject = subjectOf(Buffer.from(hash));
  const pending = await tx.signRequest.findUnique({ where: { kind_subject: { kind: 'certificate', subject } } });
  const ordered = pending
    ? await checkCsr((JSON.parse(Buffer.from(pending.body).toString('utf8')) as { csr: string }).csr)
    : undefined;
  const same = ordered?.spkiSha256.equals(csr.spkiSha256) && connector?.tenantRef === token?.tenantRef;
  if (
    !token ||
    !connector ||
    !same ||
    connector.certificates.some(({ spkiHash }) => !csr.spkiSha256.equals(spkiHash))
  ) {
    throw new IdentityError('JOIN', 'the token is unknown, spent or expired');
  }
  const { idx } = await tx.tenant.findUniqueOrThrow({ where: { ref: token.tenantRef } });
  return { tenantRef: token.tenantRef, idx, name: connector.name };
}

function orderOf(request: EnrolmentRequest, name: string, tokenHash: Buffer, lifeSeconds: number): Buffer {
  const { rosterKey, rosterProof, witnessKey, witnessProof } = request;
  return certificateOrderBytes({
    name,
    csr: request.csr,
    lifeSeconds,
    by: { kind: 'token', tokenHash: tokenHash.toString('base64url'), rosterKey, rosterProof, witnessKey, witnessProof },
  });
}
