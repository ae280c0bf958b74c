import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateP256, loadOrCreateKeyFile, spkiDer, writeKeyFile } from '@sumveil/identity';
import { CoordinatorError } from '../error.ts';
import { issueServerCertificate } from './key-files.ts';

/** What a server certificate is for. */
export interface ServerNames {
  readonly dns: readonly string[];
  readonly ip: readonly string[];
}

const key = 'tls.key';
const chain = 'tls.pem';

/**
 * First TLS certificate of main-api below `folder`, for the key that is there, or a new one.
 *
 * @throws CoordinatorError `CONFIG` when there is one: with other names it would lock out whoever comes by an old one
 */
export async function writeTlsCertificate(folder: string, o: { signer: string; names: ServerNames; now: Date }) {
  assertNoCertificate(folder);
  const pem = await certify(o.signer, spkiDer(loadOrCreateKeyFile(join(folder, key), 'p256')), o);
  replace(folder, pem);
}

/** @throws CoordinatorError `CONFIG` */
export function assertNoCertificate(folder: string): void {
  if (!existsSync(join(folder, chain))) return;
  const text = `There is a ${chain} already, and nothing was changed; a new one, also for other names, is made with --renew-tls.`;
  throw new CoordinatorError('CONFIG', text);
}

/**
 * New key and new certificate in place of those that are there; nothing is touched when none can be issued. Each file changes at once, the key first; main-api takes both
 * when they have stood still for two of its looks, so it is never between them.
 *
 * @param o.names those of the present certificate when left out
 * @throws CoordinatorError `CONFIG` when there is no certificate to replace
 */
export async function renewTlsCertificate(
  folder: string,
  o: { signer: string; names: ServerNames | undefined; now: Date },
): Promise<ServerNames> {
  const names = o.names ?? presentNames(join(folder, chain));
  const next = generateP256();
  const pem = await certify(o.signer, spkiDer(next), { names, now: o.now });
  rmSync(join(folder, `${key}.next`), { force: true });
  writeKeyFile(join(folder, `${key}.next`), next);
  renameSync(join(folder, `${key}.next`), join(folder, key));
  replace(folder, pem);
  return names;
}

async function certify(signer: string, spki: Uint8Array, o: { names: ServerNames; now: Date }): Promise<string> {
  const { dns, ip } = o.names;
  return await issueServerCertificate(signer, { spki, dnsNames: dns, ipAddresses: ip, now: o.now });
}

function replace(folder: string, pem: string): void {
  writeFileSync(join(folder, `${chain}.next`), pem);
  renameSync(join(folder, `${chain}.next`), join(folder, chain));
}

function presentNames(file: string): ServerNames {
  if (!existsSync(file)) {
    const text = `There is no ${chain} to replace; run the ceremony without --renew-tls, or name the folder with --tls.`;
    throw new CoordinatorError('CONFIG', text);
  }
  const entries = (new X509Certificate(readFileSync(file)).subjectAltName ?? '').split(', ');
  const named = (prefix: string) =>
    entries.filter((entry) => entry.startsWith(prefix)).map((entry) => entry.slice(prefix.length));
  return { dns: named('DNS:'), ip: named('IP Address:') };
}
