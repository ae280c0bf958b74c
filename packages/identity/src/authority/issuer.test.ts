import { type KeyObject, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkCsr } from '../csr-check.ts';
import { createCsr } from '../csr-create.ts';
import { generateP256, spkiDer } from '../keys.ts';
import { spiffeName } from '../name.ts';
import { newRef } from '../ref.ts';
import { ECDSA_SHA256, signingKey, x509 } from '../x509.ts';
import { type CertificateAuthority, createIssuingCa, createRootCa } from './ceremony.ts';
import { crossCheckLeaf } from './cross-check.ts';
import { type CertificateIssuer, createIssuer, issueChecked } from './issuer.ts';
import { type ConnectorLeafOrder, connectorLeafOrder, newSerial, serverLeafOrder } from './order.ts';

const now = new Date('2026-11-10T12:00:00.500Z');
const name = spiffeName('fed.example', newRef(), 1);
let root: CertificateAuthority;
let issuing: CertificateAuthority;
let issuer: CertificateIssuer;
let key: KeyObject;
let order: ConnectorLeafOrder;

beforeAll(async () => {
  root = await createRootCa({ now });
  issuing = await createIssuingCa(root, { now });
  issuer = createIssuer(issuing);
  key = generateP256();
  order = connectorLeafOrder({ spki: spkiDer(key), name, lifeSeconds: 604_800, now });
});

/** A leaf that is right but for what `change` does to it, signed by `by`. */
async function forged(change: object, by: CertificateAuthority = issuing): Promise<string> {
  const above = new x509.X509Certificate(by.certificatePem);
  const leaf = await x509.X509CertificateGenerator.create({
    serialNumber: order.serial,
    issuer: above.subjectName,
    subject: '',
    notBefore: order.notBefore,
    notAfter: order.notAfter,
    publicKey: new x509.PublicKey(Buffer.from(order.spki)),
    signingKey: signingKey(by.key),
    signingAlgorithm: ECDSA_SHA256,
    extensions: [basic(false), usage('clientAuth'), names([{ type: 'url', value: name }])],
    ...change,
  });
  return leaf.toString('pem');
}

const basic = (ca: boolean) => new x509.BasicConstraintsExtension(ca, undefined, true);
const usage = (...kinds: (keyof typeof x509.ExtendedKeyUsage)[]) =>
  new x509.ExtendedKeyUsageExtension(
    kinds.map((kind) => x509.ExtendedKeyUsage[kind]),
    true,
  );
const names = (list: x509.JsonGeneralName[]) => new x509.SubjectAlternativeNameExtension(list, true);

describe('authorities', () => {
  test('root has path length 1 and ten years, issuing CA path length 0 and one year, both verify', () => {
    const [top, middle] = [root, issuing].map(({ certificatePem }) => new X509Certificate(certificatePem));
    expect(top!.verify(top!.publicKey) && middle!.verify(top!.publicKey) && middle!.checkIssued(top!)).toBe(true);
    const lengths = [root, issuing].map(
      ({ certificatePem }) =>
        new x509.X509Certificate(certificatePem).getExtension(x509.BasicConstraintsExtension)?.pathLength,
    );
    expect(lengths).toEqual([1, 0]);
    expect(Math.round((top!.validToDate.getTime() - now.getTime()) / 86_400_000)).toBe(3_650);
    expect(Math.round((middle!.validToDate.getTime() - now.getTime()) / 86_400_000)).toBe(365);
    expect(root.spki).toMatch(/^[\w-]{43}$/);
  });

  test('an issuing CA does not outlive its root', async () => {
    const short = await createRootCa({ now, lifeSeconds: 86_400 });
    await expect(createIssuingCa(short, { now })).rejects.toThrow(/outlive/);
  });
});

describe('connector leaf', () => {
  test('has exactly the fields of rule 6', async () => {
    const { certificate, certificatePem, chainPem, serial } = await issueChecked(issuer, order);
    expect(certificate.subject ?? '').toBe('');
    expect(certificate.subjectAltName).toBe(`URI:${name}`);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(certificate.validFromDate).toEqual(new Date('2026-11-10T11:55:00Z'));
    expect(certificate.validToDate).toEqual(new Date('2026-11-17T12:00:00Z'));
    expect(certificate.serialNumber).toBe(serial);
    expect(chainPem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    const parsed = new x509.X509Certificate(certificatePem);
    const extensions = parsed.extensions.map(({ type, critical }) => `${type}${critical ? '!' : ''}`);
    expect(extensions).toEqual(['2.5.29.19!', '2.5.29.15!', '2.5.29.37!', '2.5.29.17!', '2.5.29.14', '2.5.29.35']);
    expect(parsed.getExtension(x509.KeyUsagesExtension)?.usages).toBe(x509.KeyUsageFlags.digitalSignature);
  });

  test('from a checked request: the wishes of the request do not reach it', async () => {
    const csr = await checkCsr(await createCsr(key));
    const issued = await issueChecked(issuer, connectorLeafOrder({ spki: csr.spki, name, lifeSeconds: 3_600, now }));
    expect(spkiDer(issued.certificate)).toEqual(spkiDer(key));
  });

  test('a hundred serials are positive, 16 bytes and different', () => {
    const serials = Array.from({ length: 100 }, newSerial);
    expect(serials.every((serial) => /^[4-7][0-9A-F]{31}$/.test(serial))).toBe(true);
    expect(new Set(serials).size).toBe(100);
  });

  test.each([3_599, 2_592_001, 3_600.5, Number.NaN])('a life of %s s is refused', (lifeSeconds) => {
    expect(() => connectorLeafOrder({ spki: order.spki, name, lifeSeconds, now })).toThrow(
      expect.objectContaining({ code: 'ISSUE' }),
    );
  });
});

describe('cross-check', () => {
  test('the unchanged double passes, so what follows fails for its own reason', async () => {
    expect(crossCheckLeaf(await forged({}), order, new X509Certificate(issuing.certificatePem)).ca).toBe(false);
  });

  const other = { type: 'url', value: spiffeName('fed.example', newRef(), 1) } as const;
  const clientName = () => names([{ type: 'url', value: name }]);
  const cases: [string, RegExp, () => object][] = [
    ['CA:TRUE', /CA flag/, () => ({ extensions: [basic(true), usage('clientAuth'), clientName()] })],
    ['a subject', /subject/, () => ({ subject: 'CN=admin' })],
    ['another tenant', /subjectAltName/, () => ({ extensions: [basic(false), usage('clientAuth'), names([other])] })],
    [
      'a second name',
      /subjectAltName/,
      () => ({ extensions: [basic(false), usage('clientAuth'), names([{ type: 'url', value: name }, other])] }),
    ],
    ['serverAuth', /key usage/, () => ({ extensions: [basic(false), usage('serverAuth'), clientName()] })],
    [
      'two usages',
      /key usage/,
      () => ({ extensions: [basic(false), usage('clientAuth', 'serverAuth'), clientName()] }),
    ],
    ['no usage', /key usage/, () => ({ extensions: [basic(false), clientName()] })],
    ['another serial', /serial/, () => ({ serialNumber: newSerial() })],
    ['another key', /public key/, () => ({ publicKey: new x509.PublicKey(spkiDer(generateP256())) })],
    ['a year of life', /notAfter/, () => ({ notAfter: new Date('2027-11-10T12:00:00Z') })],
    ['an earlier start', /notBefore/, () => ({ notBefore: new Date('2026-01-01T00:00:00Z') })],
    ['SHA-512', /signature algorithm/, () => ({ signingAlgorithm: { name: 'ECDSA', hash: 'SHA-512' } })],
    ['a signature by another key', /signature/, () => ({ signingKey: signingKey(generateP256()) })],
  ];
  test.each(cases)('%s does not leave the CA', async (_, field, change) => {
    const lying: CertificateIssuer = { certificatePem: issuing.certificatePem, issue: () => forged(change()) };
    await expect(issueChecked(lying, order)).rejects.toThrow(field);
  });

  test('a leaf of another CA, a root-signed leaf, two blocks and garbage do not pass', async () => {
    const strange = await createIssuingCa(await createRootCa({ now }), { now });
    const pem = await forged({});
    for (const text of [await forged({}, strange), await forged({}, root), pem + pem, 'garbage']) {
      expect(() => crossCheckLeaf(text, order, new X509Certificate(issuing.certificatePem))).toThrow(
        expect.objectContaining({ code: 'CROSS_CHECK' }),
      );
    }
  });

  test('a leaf that outlives its issuing CA is refused', async () => {
    const short = await createIssuingCa(root, { now, lifeSeconds: 3_600 });
    await expect(issueChecked(createIssuer(short), order)).rejects.toThrow(/life within/);
  });
});

describe('server leaf', () => {
  test('carries DNS names and addresses, serverAuth only', async () => {
    const names = { dnsNames: ['api.fed.example', 'localhost'], ipAddresses: ['127.0.0.1', '::1'] };
    const { certificate } = await issueChecked(
      issuer,
      serverLeafOrder({ spki: spkiDer(key), ...names, lifeSeconds: 86_400, now }),
    );
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(certificate.checkHost('api.fed.example')).toBe('api.fed.example');
    expect(certificate.checkIP('::1')).toBeDefined();
    expect(certificate.checkHost('other.fed.example')).toBeUndefined();
  });

  test.each([
    [['*.fed.example'], []],
    [['API.fed.example'], []],
    [['a.example, DNS:b.example'], []],
    [[], ['127.0.0.300']],
    [[], []],
  ])('names %j %j are refused', (dnsNames, ipAddresses) => {
    expect(() => serverLeafOrder({ spki: order.spki, dnsNames, ipAddresses, lifeSeconds: 86_400, now })).toThrow(
      expect.objectContaining({ code: 'ISSUE' }),
    );
  });
});

test('an issuer needs the key of its certificate', () => {
  expect(() => createIssuer({ certificatePem: issuing.certificatePem, key })).toThrow(/not for this key/);
});
