import type { KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CertificateIssuer,
  createIssuer,
  createIssuingCa,
  createRootCa,
  generateEd25519,
  issueChecked,
  rawEd25519,
  readKeyFile,
  serverLeafOrder,
  writeKeyFile,
} from '@sumveil/identity';
import { toBase64url } from '@sumveil/wire';
import { readSignerPublic, type SignerPublic, writeSignerPublic } from './signer-public.ts';

const uses = ['coordinator', 'grant', 'report', 'log'] as const;

/** The signer's keys of governance.md section 1, one key one use. They never leave this process. */
export interface SignerKeys {
  readonly coordinator: KeyObject;
  readonly grant: KeyObject;
  readonly report: KeyObject;
  readonly log: KeyObject;
  readonly issuer: CertificateIssuer;
  readonly published: SignerPublic;
}

/**
 * Key ceremony: root and issuing CA and the four Ed25519 keys, each in a file of mode 0400, and `public.json` with what a
 * roster names. The root key is for two people offline: it goes to a folder of its own, which the signer never reads.
 *
 * @throws IdentityError `KEY_FILE` when a key exists already; nothing is ever overwritten
 */
export async function createSignerKeys(folder: string, o: { now: Date; rootFolder: string }): Promise<SignerPublic> {
  for (const path of [folder, o.rootFolder]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const root = await createRootCa({ now: o.now });
  const issuing = await createIssuingCa(root, { now: o.now });
  writeKeyFile(join(o.rootFolder, 'root-ca.key'), root.key);
  writeKeyFile(join(folder, 'issuing-ca.key'), issuing.key);
  writeFileSync(join(folder, 'issuing-ca.pem'), issuing.certificatePem, { mode: 0o644, flag: 'wx' });
  const keys = uses.map((use) => {
    const key = generateEd25519();
    writeKeyFile(join(folder, `${use}.key`), key);
    return toBase64url(rawEd25519(key));
  });
  const [coordinatorKey, grantKey, reportKey, logKey] = keys as [string, string, string, string];
  const ca = { rootSpki: root.spki, rootPem: root.certificatePem, issuingPem: issuing.certificatePem };
  const published: SignerPublic = { coordinatorKey, grantKey, reportKey, logKey, ...ca };
  writeSignerPublic(join(folder, 'public.json'), published);
  return published;
}

/** @throws IdentityError `KEY_FILE`, CoordinatorError `CONFIG` */
export function loadSignerKeys(folder: string): SignerKeys {
  const [coordinator, grant, report, log] = uses.map((use) => readKeyFile(join(folder, `${use}.key`), 'ed25519'));
  return {
    coordinator: coordinator!,
    grant: grant!,
    report: report!,
    log: log!,
    issuer: loadIssuer(folder),
    published: readSignerPublic(join(folder, 'public.json')),
  };
}

/** TLS certificate of a coordinator listener, made at the ceremony: at most 90 days, for a key that stays where it is. */
export async function issueServerCertificate(
  folder: string,
  o: { spki: Uint8Array; dnsNames: readonly string[]; ipAddresses?: readonly string[]; now: Date },
): Promise<string> {
  const order = serverLeafOrder({ ...o, lifeSeconds: 90 * 86_400 });
  return (await issueChecked(loadIssuer(folder), order)).chainPem;
}

function loadIssuer(folder: string): CertificateIssuer {
  const certificatePem = readFileSync(join(folder, 'issuing-ca.pem'), 'utf8');
  return createIssuer({ certificatePem, key: readKeyFile(join(folder, 'issuing-ca.key'), 'p256') });
}
