import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { bad, type Check, expiryCheck, folderCheck, good } from '@sumveil/client';
import { rawEd25519, readKeyFile, spkiPin } from '@sumveil/identity';
import { loadBundleFromFolder } from '@sumveil/policy';
import { toBase64url } from '@sumveil/wire';
import type { ApiConfig, CommonConfig, SignerConfig } from '../config.ts';
import { rosterInForce } from '../roster/in-force.ts';
import { loadSignerKeys } from '../signing/key-files.ts';
import { readSignerPublic, type SignerPublic } from '../signing/signer-public.ts';
import type { Db } from './database-checks.ts';

const LEAST_FREE = 2 ** 30;

export function sharedFileChecks({ artifacts, policyBundle }: CommonConfig): Check[] {
  const disk = folderCheck('artifacts', 'the artifact folder', artifacts, {
    least: LEAST_FREE,
    next: 'Mount the shared folder here, writable for this user; no update can be taken without it.',
  });
  try {
    return [disk, good('policies', `bundle ${loadBundleFromFolder(policyBundle).digest.slice(0, 19)}… is as locked`)];
  } catch {
    return [
      disk,
      bad(
        'policies',
        'the policy bundle differs from its lock, or is not there',
        'Put the bundle of this release there; no process starts without it.',
      ),
    ];
  }
}

/** The keys that the roster in force names are those of `public.json`: else every signature would be refused by every tenant. */
export async function publicFileCheck(db: Db, { signerPublicFile }: CommonConfig): Promise<Check> {
  let published: SignerPublic;
  try {
    published = readSignerPublic(signerPublicFile);
  } catch (error) {
    return bad('public-keys', (error as Error).message, 'Copy public.json from the signer’s folder.');
  }
  const roster = await rosterInForce(db);
  if (!roster) return good('public-keys', 'public.json can be read; no roster names keys yet');
  const differ = (['coordinatorKey', 'grantKey', 'reportKey', 'logKey'] as const).filter(
    (name) => roster[name] !== published[name],
  );
  if (!roster.rootSpki.includes(published.rootSpki)) return other(['rootSpki']);
  return differ.length > 0
    ? other(differ)
    : good('public-keys', 'public.json has the keys that the roster in force names');
}

function other(names: readonly string[]): Check {
  const next = 'This is another key ceremony’s file or database: bring back the keys that belong to this database.';
  return bad('public-keys', `public.json differs from the roster in force in ${names.join(', ')}`, next);
}

/** Every key file can be read by this process alone, and is the one that `public.json` names. */
export function keyChecks({ signerKeys, signerPublicFile }: SignerConfig, now: number): Check[] {
  try {
    const { published, ...keys } = loadSignerKeys(signerKeys);
    const raw = (key: KeyObject) => toBase64url(rawEd25519(key));
    const named = { coordinatorKey: keys.coordinator, grantKey: keys.grant, reportKey: keys.report, logKey: keys.log };
    const outside = readSignerPublic(signerPublicFile);
    const wrong = (Object.entries(named) as [keyof typeof named, KeyObject][])
      .filter(([name, key]) => raw(key) !== published[name] || raw(key) !== outside[name])
      .map(([name]) => name);
    const issuing = new X509Certificate(published.issuingPem);
    const caKey = readKeyFile(`${signerKeys}/issuing-ca.key`, 'p256');
    if (!issuing.publicKey.equals(createPublicKey(caKey))) wrong.push('issuingPem' as never);
    const next = 'Bring back the signer’s folder as it was; nothing is ever made anew in it.';
    return [
      wrong.length > 0
        ? bad('keys', `key files that public.json does not name: ${wrong.join(', ')}`, next)
        : good('keys', 'issuing CA, coordinator, grant, report and log key are those of public.json'),
      issuingCheck(issuing, now),
    ];
  } catch (error) {
    return [
      bad(
        'keys',
        `the signer’s keys cannot be read: ${(error as Error).message}`,
        'Mount the signer’s folder, mode 0700, its keys 0400.',
      ),
    ];
  }
}

function issuingCheck(issuing: X509Certificate, now: number): Check {
  const next = 'A new issuing CA comes with a new ceremony; without one no connector gets a certificate.';
  return expiryCheck('issuing-ca', 'the issuing CA', issuing, { now, next });
}

/** Certificate, key and root of the listeners belong together, and have not ended. */
export function apiFileChecks(config: ApiConfig, now: number): Check[] {
  const next = 'Run main-ceremony.ts with the signer’s folder: it makes a new certificate. Then restart the api.';
  try {
    const chain = certificatesIn(readFileSync(config.tlsCertFile, 'utf8'));
    const root = new X509Certificate(readFileSync(config.tlsCaFile, 'utf8'));
    const [leaf, ...above] = chain;
    const days = expiryCheck('tls-cert', 'the listeners’ certificate', leaf!, { now, next });
    const fault = chainFault(config, [leaf!, ...above, root]);
    return fault
      ? [bad('tls-files', fault, next), days]
      : [good('tls-files', 'certificate, key and pinned root belong together'), days];
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return [bad('tls-files', `the listeners’ files cannot be used: ${code ?? message}`, next)];
  }
}

function chainFault(config: ApiConfig, chain: readonly X509Certificate[]): string | undefined {
  const key = readKeyFile(config.tlsKeyFile, 'p256');
  if (!chain[0]!.checkPrivateKey(key)) return 'the private key is not that of the certificate';
  const joins = chain.slice(1).every((above, i) => chain[i]!.checkIssued(above) && chain[i]!.verify(above.publicKey));
  if (!joins) return 'the certificate’s chain does not end in the root of SUMVEIL_TLS_CA_FILE';
  const pinned = readSignerPublic(config.signerPublicFile).rootSpki;
  return spkiPin(chain.at(-1)!) === pinned ? undefined : 'the root is not the one that public.json names';
}

function certificatesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}
