import { readFileSync } from 'node:fs';
import type { Server } from 'node:https';
import type { TlsOptions } from 'node:tls';
import { connectorListenerTls, enrolmentListenerTls, serverTls } from '@sumveil/identity';
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
import { readTlsPair, type TlsPair } from './http/tls-pair.ts';
import type { TokenOptions } from './http/token.ts';
import { watchTls } from './http/watch-tls.ts';
import { type Running, runProcess } from './process.ts';
import { version } from './version.ts';

/** The HTTP side: connectors, joiners, people, operations. Any number of replicas. */
await runProcess('api', () => startApi(readConfig(apiSchema, process.env, process.argv)));

async function startApi(config: ApiConfig): Promise<Running> {
  const rootPem = readFileSync(config.tlsCaFile, 'utf8');
  let pair = readTlsPair(config, rootPem, Date.now());
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
  const tls = listenerTls(pair, rootPem);
  const apps = {
    connector: await connectorListener(deps, {
      tls: tls.connector,
      bindings: of('connector'),
      revocations: revocationCheck(deps),
    }),
    enrolment: await enrolmentListener(deps, { tls: tls.enrolment, bindings: of('enrolment') }),
    management: await managementListener(deps, { tls: tls.management, bindings: of('management'), token, version }),
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
  deps.metrics.gauge(
    'sumveil_tls_certificate_ends_unix_seconds',
    'End of the certificate that the listeners show.',
    () => Math.floor(pair.certificate.validToDate.getTime() / 1_000),
  );
  const stopWatching = watchTls({
    files: config,
    inForce: pair,
    rootsPem: rootPem,
    everyMs: deps.timings.tlsFiles,
    clock: deps.clock,
    logger: deps.logger,
    apply(next) {
      pair = next;
      for (const [name, options] of Object.entries(listenerTls(next, rootPem)))
        (apps[name as TlsListener].server as unknown as Server).setSecureContext(options);
    },
  });
  deps.logger.event('process.started', { version });
  return {
    ports,
    stateFile: config.stateFile,
    shutdownMs: deps.timings.shutdown,
    stop: async () => {
      core.stopWaiting();
      stopWatching();
      // A client that has stopped in mid-request neither reads nor closes; the others have had their answers by then.
      const cut = setTimeout(() => {
        for (const app of Object.values(apps)) app.server.closeAllConnections();
      }, deps.timings.shutdown / 2);
      await Promise.allSettled(Object.values(apps).map((app) => app.close()));
      clearTimeout(cut);
      await core.close();
    },
  };
}

type TlsListener = 'connector' | 'enrolment' | 'management';

/** Whole objects: a swap replaces options, it does not merge them. */
function listenerTls(pair: TlsPair, rootPem: string): Record<TlsListener, TlsOptions> {
  return {
    connector: connectorListenerTls({ ...pair, rootsPem: [rootPem] }),
    enrolment: enrolmentListenerTls({ ...pair, rootPem }),
    management: serverTls(pair),
  };
}
