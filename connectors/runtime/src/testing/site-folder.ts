import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectorConfig } from '../config.ts';
import { defaultConnectorTimings } from '../timings.ts';
import { csvOf } from './plan.ts';
import type { TlsWorld } from './tls-world.ts';

/** Folder and configuration of one tenant's connector, with rows of its own. */
export function siteFolder(
  world: TlsWorld,
  joinString: string,
  o: { seed: number; policy?: string },
): ConnectorConfig & { folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sumveil-site-'));
  const path = (name: string) => join(folder, name);
  writeFileSync(path('join'), joinString, { mode: 0o600 });
  writeFileSync(path('data.csv'), csvOf(o.seed));
  writeFileSync(path('policy.yaml'), o.policy ?? '');
  return {
    folder,
    stateDir: path('state'),
    coordinatorUrl: world.coordinatorUrl,
    enrolUrl: world.enrolUrl,
    joinStringFile: path('join'),
    data: path('data.csv'),
    localPolicy: path('policy.yaml'),
    trainer: 'builtin',
    timings: defaultConnectorTimings,
    statusListen: '127.0.0.1:0',
    stateFile: path('state.json'),
    resultsFile: path('results.json'),
  };
}
