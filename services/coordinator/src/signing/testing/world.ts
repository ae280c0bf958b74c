import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateEd25519, newRef, rawEd25519 } from '@sumveil/identity';
import { loadBundleFromFolder } from '@sumveil/policy';
import { createLogger, createMetrics } from '@sumveil/telemetry';
import { logVerifier, type WitnessState, witnessAdd, witnessName } from '@sumveil/transparency';
import { canonicalBytes, parseRoster, quorumOf, rosterHash, toBase64url } from '@sumveil/wire';
import {
  type DatabaseUrls,
  startTestPostgres,
  type TestPostgres,
} from '../../../../../tests/constellation/postgres.ts';
import { filesystemStore } from '../../artifacts/filesystem.ts';
import { openDatabase } from '../../db/client.ts';
import { openNotifications } from '../../db/notify.ts';
import type { Deps } from '../../deps.ts';
import { rosterLeafFields } from '../../log/epochs.ts';
import { createLeafLog } from '../../log/leaf-log.ts';
import { createWitnessAnswers } from '../../log/witness-exchange.ts';
import { createWitnessRequests } from '../../log/witness-request.ts';
import { defaultTimings } from '../../timings.ts';
import { createSignerKeys } from '../key-files.ts';
import { type RunningSigner, runSigner } from '../run-signer.ts';
import { createSignatures } from '../signatures.ts';
import type { SignerPublic } from '../signer-public.ts';

const ORIGIN = 'log.sumveil.test/1';

export interface TestTenant {
  readonly ref: string;
  readonly idx: number;
  readonly rosterKey: ReturnType<typeof generateEd25519>;
  readonly witnessKey: ReturnType<typeof generateEd25519>;
}

/** A database of its own, keys of a ceremony, and processes' dependencies over the real roles of Postgres. */
export interface EvidenceWorld {
  readonly urls: DatabaseUrls;
  readonly origin: string;
  readonly keysFolder: string;
  readonly published: SignerPublic;
  readonly tenants: readonly TestTenant[];
  api: Deps;
  worker: Deps;
  signer(): Promise<RunningSigner>;
  /** Roster row and leaf, as features/rosters writes them. */
  publishRoster(): Promise<Buffer>;
  /** A real witness for each tenant, answering until `stopWitnesses`. */
  startWitnesses(who?: readonly TestTenant[]): void;
  stopWitnesses(): Promise<void>;
  close(): Promise<void>;
}

export async function openWorld(postgres: TestPostgres, size = 5): Promise<EvidenceWorld> {
  const urls = await postgres.fresh();
  const folder = mkdtempSync(join(tmpdir(), 'sumveil-evidence-'));
  const keysFolder = join(folder, 'signer');
  const published = await createSignerKeys(keysFolder, { now: new Date(), rootFolder: join(folder, 'root') });
  const tenants = Array.from({ length: size }, (_, i) => ({
    ref: newRef(),
    idx: i + 1,
    rosterKey: generateEd25519(),
    witnessKey: generateEd25519(),
  }));
  const opened: Array<() => Promise<void>> = [];
  const depsOf = (url: string) => openDeps(url, { folder, published, opened });
  const [api, worker] = [await depsOf(urls.api), await depsOf(urls.worker)];
  const owner = openDatabase(urls.owner);
  await owner.prisma.tenant.createMany({
    data: tenants.map(({ ref, idx }) => ({ ref, idx, name: `Tenant ${idx}`, region: 'EU' })),
  });
  await owner.close();
  const witnesses = witnessPool(api);
  const signers: RunningSigner[] = [];
  return {
    urls,
    origin: ORIGIN,
    keysFolder,
    published,
    tenants,
    api,
    worker,
    async signer() {
      const { sign: _, ...deps } = await depsOf(urls.signer);
      const running = await runSigner({ ...deps, keysFolder });
      signers.push(running);
      return running;
    },
    publishRoster: () => publishRoster(api, published, tenants),
    startWitnesses: (who = tenants) => witnesses.start(who),
    stopWitnesses: () => witnesses.stop(),
    async close() {
      await witnesses.stop();
      for (const signer of signers) await signer.stop();
      for (const close of opened.toReversed()) await close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function openDeps(
  url: string,
  o: { folder: string; published: SignerPublic; opened: Array<() => Promise<void>> },
): Promise<Deps> {
  const lines: string[] = [];
  const logger = createLogger({ process: 'test', stream: { write: (line) => lines.push(line) } });
  const db = openDatabase(url);
  const notify = await openNotifications(url, { logger, timings: defaultTimings });
  const log = createLeafLog({ origin: ORIGIN, db, notify, timings: defaultTimings });
  const stopping = new AbortController();
  o.opened.push(async () => {
    stopping.abort();
    await notify.close();
    await db.close();
  });
  return {
    config: {
      trustDomain: 'sumveil.test',
      logOrigin: ORIGIN,
      signerPublicFile: join(o.folder, 'signer', 'public.json'),
    },
    timings: { ...defaultTimings, longPoll: 2_000, lease: 1_500, leaseRenew: 400 },
    db,
    notify,
    log,
    artifacts: await filesystemStore(join(o.folder, 'artifacts')),
    clock: { now: Date.now },
    logger,
    metrics: createMetrics({ process: 'test' }),
    policy: loadBundleFromFolder(new URL('../../../../../policies', import.meta.url).pathname),
    sign: createSignatures({ db, notify, log, timings: defaultTimings }),
    stopping: stopping.signal,
  };
}

async function publishRoster(api: Deps, published: SignerPublic, tenants: readonly TestTenant[]): Promise<Buffer> {
  const body = canonicalBytes({
    type: 'roster',
    v: 1,
    rosterId: 'test-roster',
    epoch: 1,
    prevRoster: 'A'.repeat(43),
    members: tenants.map(({ idx, ref, rosterKey, witnessKey }) => ({
      idx,
      tenantRef: ref,
      rosterKey: toBase64url(rawEd25519(rosterKey)),
      witnessKey: toBase64url(rawEd25519(witnessKey)),
    })),
    coordinatorKey: published.coordinatorKey,
    grantKey: published.grantKey,
    reportKey: published.reportKey,
    logOrigin: ORIGIN,
    logKey: published.logKey,
    rootSpki: [published.rootSpki],
    witnessQuorum: quorumOf(tenants.length, { cNum: 1, cDen: 3 }),
    cNum: 1,
    cDen: 3,
    minCohort: Math.min(5, tenants.length),
    suites: [1, 2],
    modes: ['complete'],
  });
  const hash = rosterHash(body);
  const roster = parseRoster(body);
  await api.db.transaction(async (tx) => {
    await tx.roster.create({
      data: { hash: Uint8Array.from(hash), rosterId: roster.rosterId, epoch: 1, body: Uint8Array.from(body) },
    });
    const actor = { kind: 'person', ref: newRef(), via: 'management' } as const;
    await api.log.appendLeaf(
      tx,
      { type: 'roster.published', actor, ...rosterLeafFields({ roster, hash }, []) },
      { gated: true },
    );
  });
  return body;
}

/** Real tlog-witness state machines around the api's own exchange, each with a poll that is held open. */
function witnessPool(api: Deps) {
  const requests = createWitnessRequests({
    origin: api.log.origin,
    proofs: api.log.proofs,
    viewMs: api.timings.poll,
    ...api,
  });
  const answers = createWitnessAnswers(api.db, api.log);
  let stopping = new AbortController();
  let running: Promise<void>[] = [];
  async function run(tenant: TestTenant, signal: AbortSignal): Promise<void> {
    let state: WitnessState | undefined;
    while (!signal.aborted) {
      const look = () => requests.next(tenant.ref, BigInt(state?.size ?? 0));
      const body = await api.notify.wait('sumveil_checkpoint', look, { timeoutMs: 30_000, pollMs: 500, signal });
      if (!body || body === 'ahead') continue;
      const row = await api.db.prisma.roster.findFirstOrThrow({ orderBy: { epoch: 'desc' } });
      const roster = parseRoster(row.body);
      const witness = { name: witnessName(roster.logOrigin, tenant.ref), key: tenant.witnessKey };
      const now = Math.floor(Date.now() / 1000);
      const answer = witnessAdd(state, body, {
        logKeys: [logVerifier(roster)],
        origin: roster.logOrigin,
        witness,
        now,
      });
      state = answer.state;
      const size = BigInt(state?.size ?? 0);
      await answers.receive(tenant.ref, { ...answer, body: answer.body.toString('utf8'), size });
    }
  }
  return {
    start(who: readonly TestTenant[]) {
      running.push(...who.map((tenant) => run(tenant, stopping.signal)));
    },
    async stop() {
      stopping.abort();
      await Promise.all(running);
      stopping = new AbortController();
      running = [];
    },
  };
}

export { startTestPostgres };
