import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** One folder for each holder of keys, mode 0700: nobody's keys lie in another one's folder. */
export interface Folders {
  readonly base: string;
  readonly postgres: string;
  readonly root: string;
  readonly signer: string;
  readonly api: string;
  readonly worker: string;
  readonly artifacts: string;
  readonly oidc: string;
  readonly operator: string;
  readonly auditor: string;
  readonly logs: string;
  tenant(slug: string, holder: 'connector' | 'admin' | 'steward' | 'officer' | 'data'): string;
}

export function makeFolders(base: string): Folders {
  const make = (...parts: string[]) => {
    const path = join(base, ...parts);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  };
  return {
    base: make(),
    postgres: join(base, 'postgres'),
    root: make('root'),
    signer: make('signer'),
    api: make('api'),
    worker: make('worker'),
    artifacts: make('artifacts'),
    oidc: make('oidc'),
    operator: make('operator'),
    auditor: make('auditor'),
    logs: make('logs'),
    tenant: (slug, holder) => make('tenants', slug, holder),
  };
}
