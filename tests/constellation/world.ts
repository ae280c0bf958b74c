import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type CoordinatorOptions,
  type CoordinatorUrls,
  type Ground,
  layGround,
  once,
  startCoordinatorProcess,
  urlsOf,
} from './coordinator.ts';
import { type Folders, makeFolders } from './folders.ts';
import { type HoldingProxy, startHoldingProxy } from './holding-proxy.ts';
import { newPerson, type PersonEntry, writeBindings, writeDirectory, writeProfile } from './people.ts';
import type { StartedProcess } from './process.ts';
import { mustSumveil } from './sumveil.ts';
import { connectorReady, invite, startConnector, type Tenant, type TenantSpec } from './tenant.ts';

export interface World {
  readonly folders: Folders;
  readonly ground: Ground;
  readonly urls: CoordinatorUrls;
  readonly tenants: Tenant[];
  readonly operator: PersonEntry;
  readonly auditor: PersonEntry;
  readonly api: StartedProcess;
  readonly worker: StartedProcess;
  readonly signer: StartedProcess;
  /** Between the connectors and the listener that they call, when asked for. */
  readonly proxy: HoldingProxy | undefined;
  profile(person: PersonEntry): string;
  restartConnector(tenant: Tenant): Promise<void>;
  stop(): Promise<void>;
}

export interface WorldOptions extends CoordinatorOptions {
  readonly folder: string;
  readonly tenants: readonly TenantSpec[];
  /** Connectors call a proxy that can hold, lose and cut what flows. */
  readonly proxied?: boolean;
}

/** Coordinator, OIDC issuer, CA and N enrolled connectors, each a process of its own. No roster is pinned yet. */
export async function startWorld(o: WorldOptions): Promise<World> {
  const folders = makeFolders(o.folder);
  const operator = newPerson(folders.operator, 'Platform operator', 'platform-operator', 'platform');
  const auditor = newPerson(folders.auditor, 'Auditor', 'auditor', 'platform');
  const staff = o.tenants.map(({ slug, name }) => ({
    admin: newPerson(folders.tenant(slug, 'admin'), `${name} admin`, 'tenant-admin'),
    steward: newPerson(folders.tenant(slug, 'steward'), `${name} data steward`, 'data-steward'),
    officer: newPerson(folders.tenant(slug, 'officer'), `${name} privacy officer`, 'privacy-officer'),
  }));
  const people = [operator, auditor, ...staff.flatMap(({ admin, steward, officer }) => [admin, steward, officer])];
  const ground = await layGround(folders, writeDirectory(folders, people), o);
  const tenants: Tenant[] = [];
  o.onStarted?.(() => stopAll(ground, tenants));
  try {
    return await populate(o, folders, ground, { operator, auditor, staff, people, tenants });
  } catch (error) {
    await stopAll(ground, tenants);
    throw error;
  }
}

type Staff = Pick<Tenant, 'admin' | 'steward' | 'officer'>;

interface Cast {
  readonly operator: PersonEntry;
  readonly auditor: PersonEntry;
  readonly staff: readonly Staff[];
  readonly people: readonly PersonEntry[];
  /** Filled one by one, so that a failure on the way can stop what has started. */
  readonly tenants: Tenant[];
}

async function populate(o: WorldOptions, folders: Folders, ground: Ground, cast: Cast): Promise<World> {
  const bind = () => {
    writeDirectory(folders, cast.people);
    const file = writeBindings(folders, cast.people, ground.issuer);
    const argv = ['--file', file, '--database-url-file', ground.ownerUrlFile];
    return once(folders, 'people', 'services/coordinator/src/main-people.ts', argv);
  };
  o.onStep?.('starting the coordinator: api, worker and signer');
  const [api, worker, signer] = await Promise.all([
    startCoordinatorProcess(ground, 'api'),
    startCoordinatorProcess(ground, 'worker'),
    startCoordinatorProcess(ground, 'signer'),
    bind(),
  ]);
  const proxy = o.proxied ? await startHoldingProxy(api.ports.connector!) : undefined;
  const urls = { ...urlsOf(api.ports), ...(proxy && { connector: `https://127.0.0.1:${proxy.port}` }) };
  const address = { url: urls.management, rootPemFile: ground.rootPemFile, issuer: ground.issuer };
  const { tenants } = cast;
  const world: World = {
    folders,
    ground,
    urls,
    tenants,
    operator: cast.operator,
    auditor: cast.auditor,
    api: api.process,
    worker: worker.process,
    signer: signer.process,
    proxy,
    profile: (person) => writeProfile(person, address),
    async restartConnector(tenant) {
      startConnector(folders, urls, tenant);
      await connectorReady(tenant);
    },
    async stop() {
      await stopAll(ground, tenants);
      await proxy?.stop();
    },
  };
  for (const [i, spec] of o.tenants.entries()) tenants.push(await createTenant(world, spec, cast.staff[i]!));
  await bind();
  o.onStep?.(`starting ${tenants.length} connectors, each enrols with a one-time string`);
  // All of them settle before a failure is told, so that whoever stops the world sees every process.
  const enrolled = await Promise.allSettled(tenants.map((tenant) => enrol(world, tenant)));
  const failed = enrolled.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
  return world;
}

async function stopAll(ground: Ground, tenants: readonly Tenant[]): Promise<void> {
  await Promise.allSettled(tenants.map((tenant) => tenant.connector?.stop()));
  await Promise.allSettled(ground.processes.map((started) => started.stop()));
  await ground.postgres.stop();
}

async function createTenant(world: World, spec: TenantSpec, staff: Staff): Promise<Tenant> {
  const argv = ['tenant', 'create', spec.name, '--region', spec.region];
  const { tenantRef, idx } = await mustSumveil<{ tenantRef: string; idx: number }>(argv, {
    profile: world.profile(world.operator),
  });
  for (const person of Object.values(staff)) person.scope = tenantRef;
  const stateDir = world.folders.tenant(spec.slug, 'connector');
  return {
    ...spec,
    ...staff,
    ref: tenantRef,
    idx,
    stateDir,
    resultsFile: join(stateDir, 'results.json'),
    logFile: join(world.folders.logs, `connector-${spec.slug}.log`),
    timings: world.ground.connectorTimings,
    connector: undefined,
  };
}

async function enrol(world: World, tenant: Tenant): Promise<void> {
  await invite(tenant, world.profile(world.operator), world.profile(tenant.admin));
  startConnector(world.folders, world.urls, tenant);
  await connectorReady(tenant);
}

/** The operator drafts and publishes, every admin compares and pins, and the roster is in force when all have cosigned. */
export async function pinRoster(
  world: World,
  o: { minCohort?: number } = {},
): Promise<{ fingerprint: string; rosterHash: string }> {
  const operator = { profile: world.profile(world.operator) };
  const file = join(world.folders.operator, 'roster.json');
  await mustSumveil(
    ['roster', 'draft', '--out', file, ...(o.minCohort ? ['--min-cohort', String(o.minCohort)] : [])],
    operator,
  );
  const published = await mustSumveil<{ fingerprint: string; rosterHash: string }>(
    ['roster', 'publish', file],
    operator,
  );
  await Promise.all(
    world.tenants.map((tenant) =>
      mustSumveil(['connector', 'roster', 'pin', ...published.fingerprint.split(' ')], { state: tenant.stateDir }),
    ),
  );
  const until = Date.now() + 120_000;
  while (Date.now() < until) {
    if ((await mustSumveil<{ effective: boolean }>(['roster', 'status'], operator)).effective) return published;
    await pause(100);
  }
  throw new Error('the roster is pinned by everybody but not in force after 120 s');
}

/** Each tenant's steward and officer make a key of their own; the admin has the connector sign the list of both. */
export async function declareApprovers(world: World): Promise<void> {
  await Promise.all(
    world.tenants.map(async (tenant) => {
      const list = await Promise.all(
        [tenant.steward, tenant.officer].map(async (person) => {
          const { publicKey } = await mustSumveil<{ publicKey: string }>(
            ['approvals', 'keygen', approverKey(person)],
            {},
          );
          return { approverRef: person.ref, roles: [person.role], key: publicKey };
        }),
      );
      const file = join(tenant.admin.folder, 'approvers.json');
      writeFileSync(file, JSON.stringify(list));
      await mustSumveil(['connector', 'approvers', 'set', file], { state: tenant.stateDir });
    }),
  );
}

/** Signs a decision on a plan as one person, with the ticket of that person's own system. */
export async function decideOn(
  world: World,
  planDigest: string,
  tenant: Tenant,
  person: PersonEntry,
  o: { ticket: string; decision?: string },
): Promise<void> {
  const who = ['--key', approverKey(person), '--approver', person.ref, '--tenant', tenant.ref, '--role', person.role];
  const what = ['--ticket', o.ticket, '--decision', o.decision ?? 'granted'];
  await mustSumveil(['approvals', 'sign', planDigest, ...who, ...what], { profile: world.profile(person) });
}

function approverKey(person: PersonEntry): string {
  return join(person.folder, 'approver.key');
}
