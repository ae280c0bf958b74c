import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ConnectorTimings } from '@sumveil/connector';
import type { CoordinatorUrls } from './coordinator.ts';
import type { Folders } from './folders.ts';
import type { PersonEntry } from './people.ts';
import { type StartedProcess, startProcess } from './process.ts';
import { mustSumveil } from './sumveil.ts';

export interface TenantSpec {
  readonly name: string;
  readonly slug: string;
  readonly region: string;
  /** The tenant's table. */
  readonly csv: string;
  /** Local policy; the default floors hold without it. */
  readonly localPolicy?: Record<string, unknown>;
  /** What runs as its connector; default the product’s. */
  readonly entry?: string;
}

export interface Tenant extends TenantSpec {
  readonly ref: string;
  readonly idx: number;
  readonly stateDir: string;
  readonly admin: PersonEntry;
  readonly steward: PersonEntry;
  readonly officer: PersonEntry;
  readonly resultsFile: string;
  readonly logFile: string;
  /** Periods that differ from the defaults. */
  readonly timings: Partial<ConnectorTimings>;
  connector: StartedProcess | undefined;
}

/** Starts or restarts a tenant's connector; the join string is needed the first time only. */
export function startConnector(folders: Folders, urls: CoordinatorUrls, tenant: Tenant): StartedProcess {
  const stateDir = tenant.stateDir;
  const policyFile = join(folders.tenant(tenant.slug, 'data'), 'local-policy.json');
  if (tenant.localPolicy) writeFileSync(policyFile, JSON.stringify(tenant.localPolicy), { mode: 0o600 });
  // What an earlier life wrote says nothing about this one.
  rmSync(join(stateDir, 'ready.json'), { force: true });
  const started = startProcess({
    name: `connector ${tenant.slug}`,
    entry: tenant.entry ?? 'connectors/runtime/src/main.ts',
    logFile: tenant.logFile,
    env: {
      SUMVEIL_CONNECTOR_STATE_DIR: stateDir,
      SUMVEIL_CONNECTOR_COORDINATOR_URL: urls.connector,
      SUMVEIL_CONNECTOR_ENROL_URL: urls.enrolment,
      SUMVEIL_CONNECTOR_JOIN_STRING_FILE: joinFile(tenant),
      SUMVEIL_CONNECTOR_DATA: tenant.csv,
      SUMVEIL_CONNECTOR_STATE_FILE: join(stateDir, 'ready.json'),
      SUMVEIL_CONNECTOR_RESULTS_FILE: tenant.resultsFile,
      SUMVEIL_CONNECTOR_TIMINGS: JSON.stringify(tenant.timings),
      ...(tenant.localPolicy ? { SUMVEIL_CONNECTOR_LOCAL_POLICY: policyFile } : {}),
    },
  });
  tenant.connector = started;
  return started;
}

/** Invitation by the operator, confirmation by the tenant's admin: only the admin sees the join string. */
export async function invite(tenant: Tenant, operatorProfile: string, adminProfile: string): Promise<void> {
  const { invitationId } = await mustSumveil<{ invitationId: string }>(
    ['tenant', 'invite', tenant.ref, '--ticket', `PLT-${tenant.idx}`],
    { profile: operatorProfile },
  );
  const { joinString } = await mustSumveil<{ joinString: string }>(
    ['tenant', 'confirm', invitationId, '--ticket', `ADM-${tenant.idx}`],
    { profile: adminProfile },
  );
  writeFileSync(joinFile(tenant), joinString, { mode: 0o600 });
}

/** Waits until the connector has written where it stands. */
export async function connectorReady(tenant: Tenant, timeoutMs = 120_000): Promise<void> {
  const until = Date.now() + timeoutMs;
  while (Date.now() < until) {
    try {
      JSON.parse(readFileSync(join(tenant.stateDir, 'ready.json'), 'utf8'));
      return;
    } catch {
      if (tenant.connector?.child.exitCode !== null) break;
      await pause(50);
    }
  }
  const log = readFileSync(tenant.logFile, 'utf8').trim().split('\n').slice(-8).join('\n');
  throw new Error(`the connector of ${tenant.name} is not ready; the end of its log:\n${log}`);
}

function joinFile(tenant: Tenant): string {
  return join(tenant.admin.folder, 'join-string');
}
