import { readFileSync } from 'node:fs';
import { connectorListenerTls, enrolmentListenerTls, readKeyFile, serverTls } from '@sumveil/identity';
import { allBindings } from './bindings.ts';
import { type ApiConfig, apiSchema, readConfig } from './config.ts';
import { openCore } from './core.ts';
import { revocationCheck } from './features/enrolment/revocation.ts';
import { connectorListener } from './http/connector-listener.ts';
import { enrolmentListener } from './http/enrolment-listener.ts';
import { oidcIssuer } from './http/issuer.ts';
import { listenOn } from './http/listen.ts';
import { managementListener } from './http/management-listener.ts';
import { opsListener } from './http/ops-listener.ts';
import type { TokenOptions } from './http/token.ts';
import { type Running, runProcess } from './process.ts';
import { version } from './version.ts';

/** The HTTP side: connectors, joiners, people, operations. Any number of replicas. */
await runProcess('api', () => startApi(readConfig(apiSchema, process.env, process.argv)));

async function startApi(config: ApiConfig): Promise<Running> {
  const key = { chainPem: readFileSync(config.tlsCertFile, 'utf8'), key: readKeyFile(config.tlsKeyFile, 'p256') };
  const rootPem = readFileSync(config.tlsCaFile, 'utf8');
  const token: TokenOptions = {
    issuer: config.oidcIssuer,
    keys: oidcIssuer(config.oidcIssuer),
    algorithms: config.oidcAlgorithms as TokenOptions['algorithms'],
    type: config.oidcTokenType,
  };
  const core = await openCore('api', config);
  const { deps } = core;
  const bindings = Map.groupBy(allBindings(deps), ({ route }) => route.listener);
  const of = (listener: 'connector' | 'enrolment' | 'management') => bindings.get(listener) ?? [];
  const apps = {
    connector: await connectorListener(deps, {
      tls: connectorListenerTls({ ...key, rootsPem: [rootPem] }),
      bindings: of('connector'),
      revocations: revocationCheck(deps),
    }),
    enrolment: await enrolmentListener(deps, {
      tls: enrolmentListenerTls({ ...key, rootPem }),
      bindings: of('enrolment'),
    }),
    management: await managementListener(deps, { tls: serverTls(key), bindings: of('management'), token, version }),
    ops: opsListener({
      logger: deps.logger,
      metrics: deps.metrics,
      timings: deps.timings,
      ready: () => deps.db.ping(),
    }),
  };
  const ports = {
    connector: await listenOn(apps.connector, 'connector', config.connectorListen, deps.logger),
    enrolment: await listenOn(apps.enrolment, 'enrolment', config.enrolListen, deps.logger),
    management: await listenOn(apps.management, 'management', config.managementListen, deps.logger),
    ops: await listenOn(apps.ops, 'ops', config.opsListen, deps.logger),
  };
  deps.logger.event('process.started', { version });
  return {
    ports,
    stateFile: config.stateFile,
    shutdownMs: deps.timings.shutdown,
    stop: async () => {
      core.stopWaiting();
      await Promise.allSettled(Object.values(apps).map((app) => app.close()));
      await core.close();
    },
  };
}
