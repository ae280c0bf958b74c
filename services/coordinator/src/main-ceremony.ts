import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { IdentityError } from '@sumveil/identity';
import { isCoordinatorError } from './error.ts';
import { createSignerKeys } from './signing/key-files.ts';
import { readSignerPublic } from './signing/signer-public.ts';
import {
  assertNoCertificate,
  renewTlsCertificate,
  type ServerNames,
  writeTlsCertificate,
} from './signing/tls-certificate.ts';

/**
 * Key ceremony (governance section 1): makes root, issuing CA and signing keys once, and a TLS certificate for main-api
 * in a folder that has none. Three folders, because three parties hold them: two people offline, the signer, the api. With
 * `--renew-tls` it makes a new key and certificate for main-api and touches nothing else; the root's folder is not needed.
 * Exit codes: 64 wrong command line, 66 a folder or file cannot be used, 78 refused, with the reason.
 */
const { root, signer, tls, names, renewTls } = readArguments();
try {
  console.log(JSON.stringify(renewTls ? await renew() : await hold()));
} catch (error) {
  const { code, path, message } = error as NodeJS.ErrnoException;
  if (path) stop(66, `${path} cannot be read or written (${code}). Check --root, --signer and --tls.`);
  if (isCoordinatorError(error) || error instanceof IdentityError) stop(78, message);
  throw error;
}

async function renew(): Promise<object> {
  const renewed = await renewTlsCertificate(tls, { signer, names, now: new Date() });
  return { event: 'tls-renewed', names: renewed, files: ['tls.key', 'tls.pem'] };
}

async function hold(): Promise<object> {
  assertNoCertificate(tls);
  const now = new Date();
  const certified = names ?? { dns: ['localhost'], ip: ['127.0.0.1'] };
  if (!existsSync(join(signer, 'public.json'))) await createSignerKeys(signer, { now, rootFolder: root });
  const published = readSignerPublic(join(signer, 'public.json'));
  mkdirSync(tls, { recursive: true, mode: 0o700 });
  writeFileSync(join(tls, 'root.pem'), published.rootPem);
  writeFileSync(join(tls, 'public.json'), `${JSON.stringify(published)}\n`);
  // Last: with it the folder is complete, and a ceremony that was cut short can be repeated.
  await writeTlsCertificate(tls, { signer, names: certified, now });
  const files = ['tls.key', 'tls.pem', 'root.pem', 'public.json'];
  return { event: 'ceremony', rootSpki: published.rootSpki, names: certified, files };
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
    const names = dns || ip ? { dns: dns ?? [], ip: ip ?? [] } : undefined;
    if (signer && tls && (root || renewTls)) return { root, signer, tls, names, renewTls };
  } catch {
    // an unknown option: told below
  }
  return usage();
}

function usage(): never {
  console.error('usage: node services/coordinator/src/main-ceremony.ts --root DIR --signer DIR --tls DIR');
  console.error(
    '         [--dns NAME]… [--ip ADDRESS]…   names in the certificate of main-api, all of them; else localhost, 127.0.0.1',
  );
  console.error(
    '       node services/coordinator/src/main-ceremony.ts --renew-tls --signer DIR --tls DIR [--dns …] [--ip …]',
  );
  console.error('         a new key and certificate for main-api, with the names of the present one unless given');
  process.exit(64);
}

function stop(code: number, message: string): never {
  console.error(message);
  process.exit(code);
}
