import type { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { connectorOfCertificate, parseSpiffeName, spiffeName } from './name.ts';

const REF = 'abcdefghijklmnop';
const URI = `spiffe://fed.example/tenant/${REF}/connector/1`;

test('make and parse are inverse', () => {
  expect(spiffeName('fed.example', REF, 1)).toBe(URI);
  expect(parseSpiffeName(URI, 'fed.example')).toEqual({
    uri: URI,
    trustDomain: 'fed.example',
    tenantRef: REF,
    connector: 1,
  });
});

test.each([
  ['upper case', 'Fed.example', REF, 1],
  ['a slash in the trust domain', 'fed.example/tenant', REF, 1],
  ['a short ref', 'fed.example', 'abc', 1],
  ['connector 0', 'fed.example', REF, 0],
  ['connector 1.5', 'fed.example', REF, 1.5],
])('no name is made of %s', (_, domain, ref, n) => {
  expect(() => spiffeName(domain, ref, n)).toThrow(expect.objectContaining({ code: 'NAME' }));
});

test.each([
  ['another trust domain', 'URI:spiffe://other.example/tenant/abcdefghijklmnop/connector/1'],
  ['a second entry', `URI:${URI}, DNS:fed.example`],
  ['a second name', `URI:${URI}, URI:${URI}`],
  ['another type before', `DNS:x, URI:${URI}`],
  ['a DNS entry that spells a name', `DNS:${URI}`],
  ['a quoted value', `URI:"${URI}"`],
  ['a longer path', `URI:${URI}/more`],
  ['a number with leading zero', `URI:${URI.slice(0, -1)}01`],
  ['a line feed at the end', `URI:${URI}\n`],
  ['lower-case type', `uri:${URI}`],
  ['nothing', undefined],
])('a certificate with %s names nobody', (_, subjectAltName) => {
  const certificate = { subjectAltName } as X509Certificate;
  expect(() => connectorOfCertificate(certificate, 'fed.example')).toThrow(expect.objectContaining({ code: 'NAME' }));
});
