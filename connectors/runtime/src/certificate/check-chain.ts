import { type KeyObject, X509Certificate } from 'node:crypto';
import { ConnectorError } from '../error.ts';

/**
 * What the coordinator answers with is used only when it is a leaf for our key and name, issued by an issuer that our root
 * signed.
 *
 * @throws ConnectorError `ENROLMENT`
 */
export function checkChain(
  chainPem: string,
  o: { rootPem: string; key: KeyObject; name: string; tenantRef: string },
): void {
  const blocks = chainPem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const [leaf, issuing] = blocks.map((pem) => new X509Certificate(pem));
  const root = new X509Certificate(o.rootPem);
  const holds =
    blocks.length === 2 &&
    leaf!.checkPrivateKey(o.key) &&
    leaf!.checkIssued(issuing!) &&
    leaf!.verify(issuing!.publicKey) &&
    issuing!.ca &&
    issuing!.checkIssued(root) &&
    issuing!.verify(root.publicKey) &&
    leaf!.subjectAltName === `URI:${o.name}` &&
    o.name.includes(`/tenant/${o.tenantRef}/connector/`);
  if (holds) return;
  throw new ConnectorError(
    'ENROLMENT',
    'The coordinator answered with a certificate that is not ours or not under the pinned root.',
    'Tell the platform operator; nothing was stored.',
  );
}
