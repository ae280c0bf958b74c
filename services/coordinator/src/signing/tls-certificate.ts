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

/** TLS certificate of main-api below `folder`, for the key that is there, or a new one. */
export async function writeTlsCertificate(folder: string, o: { signer: string; names: ServerNames; now: Date }) {
  await certify(folder, spkiDer(loadOrCreateKeyFile(join(folder, key), 'p256')), o);
}

/**
 * New key and new certificate in place of those that are there. Each file changes at once, the key first; main-api takes both
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
  rmSync(join(folder, `${key}.next`), { force: true });
  writeKeyFile(join(folder, `${key}.next`), next);
  renameSync(join(folder, `${key}.next`), join(folder, key));
  await certify(folder, spkiDer(next), { ...o, names });
  return names;
}

async function certify(folder: string, spki: Uint8Array, o: { signer: string; names: ServerNames; now: Date }) {
  const { dns, ip } = o.names;
  const pem = await issueServerCertificate(o.signer, { spki, dnsNames: dns, ipAddresses: ip, now: o.now });
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
