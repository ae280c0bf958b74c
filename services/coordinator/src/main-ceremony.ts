import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadOrCreateKeyFile, spkiDer } from '@sumveil/identity';
import { createSignerKeys, issueServerCertificate } from './signing/key-files.ts';
import { readSignerPublic } from './signing/signer-public.ts';

/**
 * Key ceremony (governance section 1): makes root, issuing CA and signing keys once, and a TLS certificate for main-api
 * each time it is run. Three folders, because three parties hold them: two people offline, the signer, the api.
 */
const { root, signer, tls, dns, ip } = readArguments();
const now = new Date();
if (!existsSync(join(signer, 'public.json'))) await createSignerKeys(signer, { now, rootFolder: root });
const published = readSignerPublic(join(signer, 'public.json'));
mkdirSync(tls, { recursive: true, mode: 0o700 });
const key = loadOrCreateKeyFile(join(tls, 'tls.key'), 'p256');
const chain = await issueServerCertificate(signer, {
  spki: spkiDer(key),
  dnsNames: dns,
  ipAddresses: ip,
  now,
});
writeFileSync(join(tls, 'tls.pem'), chain);
writeFileSync(join(tls, 'root.pem'), published.rootPem);
writeFileSync(join(tls, 'public.json'), `${JSON.stringify(published)}\n`);
console.log(
  JSON.stringify({
    event: 'ceremony',
    rootSpki: published.rootSpki,
    files: ['tls.key', 'tls.pem', 'root.pem', 'public.json'],
  }),
);

interface Arguments {
  readonly root: string;
  readonly signer: string;
  readonly tls: string;
  readonly dns: string[];
  readonly ip: string[];
}

function readArguments(): Arguments {
  try {
    const { values } = parseArgs({
      options: {
        root: { type: 'string' },
        signer: { type: 'string' },
        tls: { type: 'string' },
        dns: { type: 'string', multiple: true, default: ['localhost'] },
        ip: { type: 'string', multiple: true, default: ['127.0.0.1'] },
      },
    });
    const { root, signer, tls, dns, ip } = values;
    if (root && signer && tls) return { root, signer, tls, dns, ip };
  } catch {
    // an unknown option: told below
  }
  return usage();
}

function usage(): never {
  console.error('usage: node services/coordinator/src/main-ceremony.ts --root DIR --signer DIR --tls DIR');
  console.error('         [--dns NAME]… [--ip ADDRESS]…   names in the certificate of main-api');
  process.exit(64);
}
