import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createSignerKeys } from './signing/key-files.ts';
import { readSignerPublic } from './signing/signer-public.ts';
import { renewTlsCertificate, type ServerNames, writeTlsCertificate } from './signing/tls-certificate.ts';

/**
 * Key ceremony (governance section 1): makes root, issuing CA and signing keys once, and a TLS certificate for main-api
 * each time it is run. Three folders, because three parties hold them: two people offline, the signer, the api. With
 * `--renew-tls` it makes a new key and certificate for main-api and touches nothing else; the root's folder is not needed.
 */
const { root, signer, tls, names, renewTls } = readArguments();
const now = new Date();
if (renewTls) {
  const renewed = await renewTlsCertificate(tls, { signer, names, now });
  console.log(JSON.stringify({ event: 'tls-renewed', names: renewed, files: ['tls.key', 'tls.pem'] }));
} else {
  if (!existsSync(join(signer, 'public.json'))) await createSignerKeys(signer, { now, rootFolder: root });
  const published = readSignerPublic(join(signer, 'public.json'));
  mkdirSync(tls, { recursive: true, mode: 0o700 });
  await writeTlsCertificate(tls, { signer, names: names ?? { dns: ['localhost'], ip: ['127.0.0.1'] }, now });
  writeFileSync(join(tls, 'root.pem'), published.rootPem);
  writeFileSync(join(tls, 'public.json'), `${JSON.stringify(published)}\n`);
  const files = ['tls.key', 'tls.pem', 'root.pem', 'public.json'];
  console.log(JSON.stringify({ event: 'ceremony', rootSpki: published.rootSpki, files }));
}

interface Arguments {
  readonly root: string;
  readonly signer: string;
  readonly tls: string;
  /** Undefined when none was given. */
  readonly names: ServerNames | undefined;
  readonly renewTls: boolean;
}

function readArguments(): Arguments {
  try {
    const { values } = parseArgs({
      options: {
        root: { type: 'string' },
        signer: { type: 'string' },
        tls: { type: 'string' },
        dns: { type: 'string', multiple: true },
        ip: { type: 'string', multiple: true },
        'renew-tls': { type: 'boolean', default: false },
      },
    });
    const { root = '', signer, tls, dns, ip, 'renew-tls': renewTls } = values;
    const names = dns || ip ? { dns: dns ?? ['localhost'], ip: ip ?? ['127.0.0.1'] } : undefined;
    if (signer && tls && (root || renewTls)) return { root, signer, tls, names, renewTls };
  } catch {
    // an unknown option: told below
  }
  return usage();
}

function usage(): never {
  console.error('usage: node services/coordinator/src/main-ceremony.ts --root DIR --signer DIR --tls DIR');
  console.error('         [--dns NAME]… [--ip ADDRESS]…   names in the certificate of main-api');
  console.error(
    '       node services/coordinator/src/main-ceremony.ts --renew-tls --signer DIR --tls DIR [--dns …] [--ip …]',
  );
  console.error('         a new key and certificate for main-api, with the names of the present one unless given');
  process.exit(64);
}
