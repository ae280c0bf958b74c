import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger, type Logger } from '@sumveil/telemetry';
import { builtinCodeDigest, builtinTrainer } from '@sumveil/trainers';
import { certificateKeeper } from './certificate/keeper.ts';
import { renewalLoop } from './certificate/renewal-loop.ts';
import { newestTlsPair } from './certificate/tls-files.ts';
import type { ConnectorConfig } from './config.ts';
import { showStatus, VERSION } from './control/answers.ts';
import { SOCKET } from './control/call.ts';
import { controlRoutes } from './control/routes.ts';
import { controlServer } from './control/server.ts';
import { requireSocketPath } from './control/socket-address.ts';
import { coordinatorClient } from './coordinator-link.ts';
import { csvSource } from './data/data-source.ts';
import { membershipOf } from './enrolment/enrol.ts';
import { loadOwnKeys, readMembership } from './enrolment/identity-files.ts';
import { privateFolder, writeWhole } from './files.ts';
import { declarePolicies } from './policy/declare.ts';
import { policyFile } from './policy/policy-file.ts';
import { rosterKeeper } from './roster/keeper.ts';
import { pollRosters } from './roster/poll.ts';
import { taskLoop } from './rounds/loop.ts';
import type { Site } from './site.ts';
import { openState } from './state/state.ts';
import { newBoard } from './status/board.ts';
import { statusPage } from './status/page.ts';
import { statusServer } from './status/server.ts';
import { witnessLoop } from './witness/loop.ts';

export interface Connector {
  readonly tenantRef: string;
  readonly idx: number;
  readonly statusPort: number;
  /** Rejects with the fault that ended the connector; resolves after `stop`. */
  readonly stopped: Promise<void>;
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly logger?: Logger;
  readonly now?: () => number;
}

/**
 * Starts a connector on its folder: enrols when it has to, then runs witness, rosters, tasks, control socket and status
 * page until it is stopped.
 *
 * @throws ConnectorError, IdentityError, ConfigError
 */
export async function startConnector(config: ConnectorConfig, options: StartOptions = {}): Promise<Connector> {
  const { now = Date.now, logger = createLogger({ process: 'connector' }) } = options;
  const { stateDir } = config;
  const socket = join(stateDir, SOCKET);
  requireSocketPath(socket);
  privateFolder(stateDir);
  const policy = policyFile(config.localPolicy);
  policy();
  const codeDigest = await builtinCodeDigest();
  if (config.stateFile) rmSync(config.stateFile, { force: true });
  // First the lock: two connectors on one folder would both make keys.
  const state = openState(stateDir);
  const keys = loadOwnKeys(stateDir);
  const known = readMembership(stateDir) !== undefined;
  const member = await membershipOf({
    ...config,
    enrolUrl: config.enrolUrl,
    joinStringFile: config.joinStringFile,
    keys,
  }).catch((error: unknown) => {
    state.close();
    throw error;
  });
  const client = coordinatorClient(config.coordinatorUrl, member, newestTlsPair(stateDir));
  const certificate = certificateKeeper({ stateDir, member, client });
  if (!known) {
    const { serialNumber: serial } = certificate.current().certificate;
    logger.event('connector.enrolled', { serial, tenantRef: member.tenantRef });
  }
  const rosters = rosterKeeper({ state, client, keys, member, policy, now });
  const ending = new AbortController();
  let fault: unknown;
  const site: Site = {
    state,
    keys,
    member,
    client,
    certificate,
    enrolUrl: config.enrolUrl,
    coordinatorUrl: config.coordinatorUrl,
    rosters,
    policy,
    data: csvSource(config.data),
    trainer: builtinTrainer,
    codeDigest,
    board: newBoard(now()),
    logger,
    stateDir,
    timings: config.timings,
    resultsFile: config.resultsFile,
    now,
    stopping: ending.signal,
    fail(error) {
      fault ??= error;
      ending.abort();
    },
  };
  const closeControl = await controlServer(
    socket,
    controlRoutes(site, () => ending.signal.aborted),
  );
  const page = await statusServer(config.statusListen, () =>
    statusPage({ status: showStatus(site), egress: state.egress.list({ limit: 50 }), results: state.results.all() }),
  );
  const tellState = () => {
    if (!config.stateFile) return;
    const { tenantRef, idx, name } = member;
    const { state: now_, roster } = showStatus(site);
    const told = { pid: process.pid, tenantRef, idx, name, statusUrl: page.url, socket, state: now_, roster };
    writeWhole(config.stateFile, `${JSON.stringify(told)}\n`);
  };
  tellState();
  logger.event('process.started', { version: VERSION });

  const loops = [
    renewalLoop(site),
    pollRosters(site),
    witnessLoop(site),
    taskLoop(site),
    declarePolicies(site),
    rosters.whenPinned(ending.signal).then(
      (roster) => {
        logger.event('connector.pinned', {
          digest: `sha256:${roster.rosterHash.toString('hex')}`,
          epoch: roster.epoch,
        });
        tellState();
      },
      () => {},
    ),
  ];
  const ended = loops.map((loop) => loop.catch(site.fail));
  const stopped = until(ending.signal).then(async () => {
    // Calls that are held open end here, and the loops with them.
    await client.close();
    await Promise.all(ended);
    await closeControl();
    page.server.close();
    page.server.closeAllConnections();
    state.close();
    if (fault !== undefined) throw fault;
  });
  stopped.catch(() => {});
  return {
    tenantRef: member.tenantRef,
    idx: member.idx,
    statusPort: page.port,
    stopped,
    async stop() {
      logger.event('process.stopping', { reason: 'asked' });
      ending.abort();
      await stopped.catch(() => {});
    },
  };
}

async function until(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
