import { generateKeyPairSync, type webcrypto } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { checkCsr } from './csr-check.ts';
import { createCsr } from './csr-create.ts';
import { generateP256, spkiDer, spkiSha256 } from './keys.ts';
import { ECDSA_SHA256, signingKey, verifyingKey, x509 } from './x509.ts';

const key = generateP256();
const good = await createCsr(key);
const der = Buffer.from(good.replace(/-----[^-]+-----|\n/g, ''), 'base64');

function pem(bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE REQUEST-----', ...lines, '-----END CERTIFICATE REQUEST-----', ''].join('\n');
}

async function request(extensions: x509.Extension[], subject = ''): Promise<string> {
  const made = await x509.Pkcs10CertificateRequestGenerator.create({
    name: subject,
    keys: { privateKey: signingKey(key), publicKey: verifyingKey(key) },
    signingAlgorithm: ECDSA_SHA256,
    extensions,
  });
  return made.toString('pem');
}

async function requestOf(algorithm: object, keys: ReturnType<typeof generateKeyPairSync>): Promise<string> {
  const pair = keys as unknown as Record<'privateKey' | 'publicKey', import('node:crypto').KeyObject>;
  const made = await x509.Pkcs10CertificateRequestGenerator.create({
    keys: {
      privateKey: pair.privateKey.toCryptoKey(algorithm as never, false, ['sign']) as webcrypto.CryptoKey,
      publicKey: pair.publicKey.toCryptoKey(algorithm as never, true, ['verify']) as webcrypto.CryptoKey,
    },
    signingAlgorithm: { hash: 'SHA-256', ...algorithm } as never,
  });
  return made.toString('pem');
}

/** `depth` SEQUENCEs in one another, of `size` bytes in all. */
function nested(size: number): Buffer {
  let inner = Buffer.alloc(0);
  while (inner.length + 4 <= size) {
    const header = inner.length < 0x80 ? [0x30, inner.length] : [0x30, 0x82, inner.length >> 8, inner.length & 0xff];
    if (inner.length >= 0x80 && inner.length < 0x100) header.splice(1, 3, 0x81, inner.length);
    inner = Buffer.concat([Buffer.from(header), inner]);
  }
  return inner;
}

const refused = (text: string) =>
  expect(checkCsr(text)).rejects.toThrow(expect.objectContaining({ code: 'CSR', name: 'IdentityError' }));

describe('accepted', () => {
  test('its own request, with and without the last line feed', async () => {
    const checked = await checkCsr(good);
    expect(checked.spki).toEqual(spkiDer(key));
    expect(checked.spkiSha256).toEqual(spkiSha256(key));
    expect((await checkCsr(good.trim())).spki).toEqual(checked.spki);
  });

  test('what it asks for is ignored: CA:TRUE, another tenant, serverAuth, a subject', async () => {
    const text = await request(
      [
        new x509.BasicConstraintsExtension(true, 5, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([
          { type: 'url', value: 'spiffe://fed.example/tenant/zzzzzzzzzzzzzzzz/connector/1' },
        ]),
      ],
      'CN=admin',
    );
    expect(Object.keys(await checkCsr(text)).toSorted()).toEqual(['publicKey', 'spki', 'spkiSha256']);
  });
});

describe('refused before parsing', () => {
  const body = good.split('\n').slice(1, -2).join('\n');
  test.each([
    ['hex', der.toString('hex')],
    ['bare base64', der.toString('base64')],
    ['nothing', ''],
    ['text before the block', `x\n${good}`],
    ['text after the block', `${good}x`],
    ['two blocks', good + good],
    ['two line feeds at the end', `${good}\n`],
    ['carriage returns', good.replaceAll('\n', '\r\n')],
    ['one long line', good.replace(body, body.replaceAll('\n', ''))],
    ['a space in the base64', good.replace(body, ` ${body}`)],
    ['url-safe base64', good.replace(body, body.replaceAll('+', '-').replaceAll('/', '_').replace('M', '-'))],
    ['another label', good.replaceAll('CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST')],
    ['a header line', good.replace('REQUEST-----\n', 'REQUEST-----\nProc-Type: 4\n')],
    ['trailing bytes inside', pem(Buffer.concat([der, Buffer.of(0)]))],
    ['a cut request', pem(der.subarray(0, -1))],
    ['indefinite length', pem(Buffer.concat([Buffer.of(0x30, 0x80), der.subarray(3), Buffer.alloc(2)]))],
    ['a length that is not minimal', pem(Buffer.concat([Buffer.of(0x30, 0x82, 0), der.subarray(2)]))],
    ['a SET outside', pem(Buffer.concat([Buffer.of(0x31), der.subarray(1)]))],
    ['16 KiB of nested ASN.1', pem(nested(16_384))],
  ])('%s', (_, text) => refused(text));
});

describe('refused after parsing', () => {
  test('4 KiB of nested ASN.1, quickly', async () => {
    const before = process.cpuUsage();
    await refused(pem(nested(4_096)));
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(500);
  });

  test('RSA-1024', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1_024 });
    await refused(await requestOf({ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, rsa as never));
  });

  test.each(['P-384', 'P-521'])('EC %s', async (namedCurve) => {
    const pair = generateKeyPairSync('ec', { namedCurve });
    await refused(await requestOf({ name: 'ECDSA', namedCurve }, pair as never));
  });

  test('Ed25519', async () => refused(await requestOf({ name: 'Ed25519' }, generateKeyPairSync('ed25519') as never)));

  test('a point off the curve', async () => {
    const bytes = Buffer.from(der);
    const at = bytes.indexOf(spkiDer(key)) + 90;
    bytes[at] = bytes[at]! ^ 1;
    await expect(checkCsr(pem(bytes))).rejects.toThrow(/public key is not usable/);
  });

  test("a signature by another key: somebody else's public key cannot be enrolled", async () => {
    const made = await x509.Pkcs10CertificateRequestGenerator.create({
      keys: { privateKey: signingKey(generateP256()), publicKey: verifyingKey(key) },
      signingAlgorithm: ECDSA_SHA256,
    });
    await expect(checkCsr(made.toString('pem'))).rejects.toThrow(/not signed by its own key/);
  });

  test('any flipped bit', async () => {
    for (let at = 4; at < der.length; at += 3) {
      const bytes = Buffer.from(der);
      bytes[at] = bytes[at]! ^ 0x04;
      await refused(pem(bytes));
    }
  });
});
