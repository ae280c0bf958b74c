import { createPublicKey, type KeyObject } from 'node:crypto';
import { sha256 } from '@sumveil/wire';
import { IdentityError } from './error.ts';
import { kindOf } from './keys.ts';
import { x509 } from './x509.ts';

/** What of a request counts: its key. Subject, attributes and requested extensions are the peer's wishes. */
export interface CheckedCsr {
  /** DER of the SubjectPublicKeyInfo, 91 bytes. */
  readonly spki: Buffer;
  readonly spkiSha256: Buffer;
  readonly publicKey: KeyObject;
}

const BEGIN = '-----BEGIN CERTIFICATE REQUEST-----\n';
const END = '\n-----END CERTIFICATE REQUEST-----';
/** A P-256 request is about 250 bytes; attributes are allowed some room, a parser's recursion is not. */
const MAX_DER = 4_096;

/**
 * Governance section 1, rule 5. All bytes are the peer's. Framing is checked before the parser sees anything, because
 * the parser also takes hex, bare base64, leading text, two blocks and trailing bytes.
 *
 * @throws IdentityError `CSR`
 */
export async function checkCsr(pem: string): Promise<CheckedCsr> {
  const der = unwrap(pem);
  const request = parse(der);
  const spki = Buffer.from(request.publicKey.rawData);
  const publicKey = p256Key(spki);
  if (!(await verifies(request))) throw new IdentityError('CSR', 'the request is not signed by its own key');
  return { spki, spkiSha256: sha256(spki), publicKey };
}

function unwrap(pem: string): Buffer {
  const text = pem.endsWith('\n') ? pem.slice(0, -1) : pem;
  if (!text.startsWith(BEGIN) || !text.endsWith(END) || text.length > 2 * MAX_DER) {
    throw new IdentityError('CSR', 'not one PEM block CERTIFICATE REQUEST');
  }
  const body = text.slice(BEGIN.length, -END.length);
  const der = Buffer.from(body, 'base64');
  if (wrapped(der) !== body) throw new IdentityError('CSR', 'PEM body is not canonical base64 in lines of 64');
  if (der.length > MAX_DER) throw new IdentityError('CSR', `request exceeds ${MAX_DER} bytes`);
  if (der.length !== sequenceLength(der)) throw new IdentityError('CSR', 'DER is not exactly one SEQUENCE');
  return der;
}

function wrapped(der: Buffer): string {
  return (der.toString('base64').match(/.{1,64}/g) ?? []).join('\n');
}

/** Whole length that the outer SEQUENCE header claims, or -1 for another tag or a length not in DER form. */
function sequenceLength(der: Buffer): number {
  if (der.length < 2 || der[0] !== 0x30) return -1;
  const first = der[1]!;
  if (first < 0x80) return 2 + first;
  if (first === 0x81 && der.length > 2 && der[2]! >= 0x80) return 3 + der[2]!;
  if (first === 0x82 && der.length > 3 && der[2]! !== 0) return 4 + der.readUInt16BE(2);
  return -1;
}

function parse(der: Buffer): x509.Pkcs10CertificateRequest {
  try {
    return new x509.Pkcs10CertificateRequest(der);
  } catch {
    throw new IdentityError('CSR', 'not a PKCS#10 request');
  }
}

/** A point off the curve throws in `createPublicKey`; another spelling of the same key would have another hash. */
function p256Key(spki: Buffer): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  } catch {
    throw new IdentityError('CSR', 'the public key is not usable');
  }
  if (kindOf(key) !== 'p256') throw new IdentityError('CSR', 'the public key is not EC prime256v1');
  if (!key.export({ type: 'spki', format: 'der' }).equals(spki)) {
    throw new IdentityError('CSR', 'the public key is not in its canonical form');
  }
  return key;
}

async function verifies(request: x509.Pkcs10CertificateRequest): Promise<boolean> {
  try {
    return await request.verify();
  } catch {
    return false;
  }
}
