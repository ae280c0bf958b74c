import { type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { IdentityError, kindOf, readKeyFile } from '@sumveil/identity';
import { CoordinatorError } from '../error.ts';

/** Certificate and key of main-api's listeners, found to be usable. */
export interface TlsPair {
  /** PEM, leaf first, then the issuing CA. */
  readonly chainPem: string;
  readonly key: KeyObject;
  readonly certificate: X509Certificate;
}

export interface TlsFiles {
  readonly tlsCertFile: string;
  readonly tlsKeyFile: string;
}

/** Why a pair is not taken into use. */
export type TlsFault = 'TLS_FILE' | 'TLS_KIND' | 'TLS_KEY' | 'TLS_NOT_VALID_NOW' | 'TLS_CHAIN';

const said: Record<TlsFault, string> = {
  TLS_FILE:
    'cannot be read: the certificate file holds PEM certificates, the key file a private key for the owner alone',
  TLS_KIND: 'are not those of a server with an EC P-256 key',
  TLS_KEY: 'do not belong together: the key is not the certificate’s',
  TLS_NOT_VALID_NOW: 'have expired or begin in the future',
  TLS_CHAIN: 'do not lead to a root of SUMVEIL_TLS_CA_FILE: the leaf comes first, then the issuing CA',
};

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * @param rootsPem roots that every peer of this coordinator pins
 * @throws CoordinatorError `CONFIG` with the {@link TlsFault} as its reason, for a pair that no peer would accept
 */
export function readTlsPair(files: TlsFiles, rootsPem: string, now: number): TlsPair {
  const { chainPem, key, chain } = readFiles(files);
  const [certificate] = chain;
  if (!certificate) throw fault('TLS_FILE');
  const usage = certificate.keyUsage as string[] | undefined;
  if (certificate.ca || kindOf(certificate.publicKey) !== 'p256' || (usage && !usage.includes(SERVER_AUTH)))
    throw fault('TLS_KIND');
  if (!certificate.checkPrivateKey(key)) throw fault('TLS_KEY');
  if (!chain.every((one) => one.validFromDate.getTime() <= now && now < one.validToDate.getTime()))
    throw fault('TLS_NOT_VALID_NOW');
  if (!leadsTo(chain, certificatesIn(rootsPem))) throw fault('TLS_CHAIN');
  return { chainPem, key, certificate };
}

/** The reason in an error of {@link readTlsPair}. */
export function tlsFaultOf(error: unknown): TlsFault {
  const reason = error instanceof CoordinatorError ? error.reasons?.[0] : undefined;
  return (reason as TlsFault | undefined) ?? 'TLS_FILE';
}

function readFiles({ tlsCertFile, tlsKeyFile }: TlsFiles) {
  try {
    const chainPem = readFileSync(tlsCertFile, 'utf8');
    return { chainPem, chain: certificatesIn(chainPem), key: readKeyFile(tlsKeyFile, 'p256') };
  } catch (error) {
    throw fault('TLS_FILE', error instanceof IdentityError ? error.message : undefined);
  }
}

function certificatesIn(pem: string): X509Certificate[] {
  return (pem.match(BLOCK) ?? []).map((block) => new X509Certificate(block));
}

function leadsTo(chain: readonly X509Certificate[], roots: readonly X509Certificate[]): boolean {
  const issued = (one: X509Certificate, by: X509Certificate) =>
    by.ca && one.checkIssued(by) && one.verify(by.publicKey);
  const links = chain.slice(1).every((above, i) => issued(chain[i]!, above));
  return links && roots.some((root) => issued(chain.at(-1)!, root));
}

function fault(code: TlsFault, why?: string): CoordinatorError {
  const text = `The TLS certificate and key ${said[code]}${why ? ` (${why})` : ''}.`;
  return new CoordinatorError('CONFIG', text, { reasons: [code] });
}
