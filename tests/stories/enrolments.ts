import { X509Certificate } from 'node:crypto';
import { mustSumveil, type Tenant, type World } from '@sumveil/constellation';
import {
  clientTls,
  connectorLeafOrder,
  connectorOfCertificate,
  createCsr,
  createIssuer,
  createIssuingCa,
  createRootCa,
  fetchPinnedRoot,
  generateEd25519,
  generateP256,
  issueChecked,
  parseJoinString,
  proveEnrolment,
  spkiDer,
} from '@sumveil/identity';
import { toBase64url } from '@sumveil/wire';
import { managementTls, type Problem, rawCaller } from './callers.ts';

/** A new join string for one more connector of a tenant: operator's ticket, then the admin's. */
export async function joinStringOf(world: World, tenant: Tenant): Promise<string> {
  const { invitationId } = await mustSumveil<{ invitationId: string }>(
    ['tenant', 'invite', tenant.ref, '--ticket', 'PLT-900'],
    { profile: world.profile(world.operator) },
  );
  const { joinString } = await mustSumveil<{ joinString: string }>(
    ['tenant', 'confirm', invitationId, '--ticket', 'ADM-900'],
    { profile: world.profile(tenant.admin) },
  );
  return joinString;
}

/** Enrols with keys made for this call; the answer, or the problem. */
export async function enrolWith(world: World, joinString: string): Promise<{ tenantRef: string } | Problem> {
  const { token, rootSpki } = parseJoinString(joinString);
  const { hostname: host, port } = new URL(world.urls.enrolment);
  const root = await fetchPinnedRoot({ host, port: Number(port), rootSpki: [rootSpki] });
  const [tls, rosterKey, witnessKey] = [generateP256(), generateEd25519(), generateEd25519()];
  const proofs = proveEnrolment({ token, csrSpki: spkiDer(tls), rosterKey, witnessKey });
  const caller = rawCaller(world.urls.enrolment, clientTls({ rootsPem: [root], rootSpki: [rootSpki] }));
  const body = {
    token: toBase64url(token),
    csr: await createCsr(tls),
    ...Object.fromEntries(Object.entries(proofs).map(([name, bytes]) => [name, toBase64url(bytes as Buffer)])),
  };
  const answer = await caller.send({
    method: 'POST',
    path: '/v1/enroll',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  await caller.close();
  return answer.status === 201 ? JSON.parse(answer.bytes.toString()) : answer.problem;
}

/** A certificate with a tenant's right name, made by an authority of somebody else. */
export async function foreignTls(world: World, tenant: Tenant, rightChain: string): Promise<object> {
  const { uri: name } = connectorOfCertificate(new X509Certificate(rightChain), 'sumveil.example');
  const now = new Date();
  const issuing = await createIssuingCa(await createRootCa({ now }), { now });
  const key = generateP256();
  const order = connectorLeafOrder({ spki: spkiDer(key), name, lifeSeconds: 86_400, now });
  const { chainPem } = await issueChecked(createIssuer(issuing), order);
  if (!name.includes(tenant.ref)) throw new Error('not the name of this tenant');
  return { ...managementTls(world), cert: chainPem, key: key.export({ type: 'pkcs8', format: 'pem' }) };
}
