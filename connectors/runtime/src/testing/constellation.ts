import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createLogger } from '@sumveil/telemetry';
import { digestOf } from '@sumveil/wire';
import { type Connector, startConnector } from '../connector.ts';
import { type ControlReply, controlCall } from '../control/call.ts';
import type { ResultsDocument } from '../rounds/write-results.ts';
import type { EgressRow } from '../state/egress.ts';
import { MiniCoordinator } from './mini-coordinator.ts';
import { planFile } from './plan.ts';
import { siteFolder } from './site-folder.ts';
import { type Approver, approve, raw, testTenant } from './tenants.ts';

/** One tenant of a test: its folder, its people, and its connector in this process. */
export class TestSite {
  readonly config: ReturnType<typeof siteFolder>;
  readonly ref: string;
  readonly idx: number;
  readonly approvers: readonly Approver[];
  connector: Connector | undefined;

  constructor(coordinator: MiniCoordinator, seed: number, policy?: string) {
    const { text, ref, idx } = coordinator.world.invite();
    this.config = siteFolder(coordinator.world, text, { seed, ...(policy !== undefined && { policy }) });
    this.ref = ref;
    this.idx = idx;
    const { steward, officer } = testTenant(idx);
    this.approvers = [steward, officer];
  }

  async start(now?: () => number): Promise<this> {
    const quiet = createLogger({ process: 'connector', stream: { write: () => {} } });
    this.connector = await startConnector(this.config, { logger: quiet, ...(now && { now }) });
    return this;
  }

  /** A process of its own, ready when its socket answers. */
  async spawn(): Promise<ChildProcess> {
    const env: Record<string, string> = { PATH: process.env.PATH ?? '' };
    for (const [key, value] of Object.entries(this.config)) {
      if (key === 'folder' || value === undefined) continue;
      env[`SUMVEIL_CONNECTOR_${key.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase()}`] =
        typeof value === 'object' ? JSON.stringify(value) : String(value);
    }
    rmSync(this.config.stateFile!, { force: true });
    const child = spawn(process.execPath, [new URL('../main.ts', import.meta.url).pathname], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = once(child, 'exit');
    while (!existsSync(this.config.stateFile!) && child.exitCode === null)
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 20))]);
    return child;
  }

  ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<ControlReply> {
    return controlCall(this.config.stateDir, method, path, body);
  }

  async egress(): Promise<EgressRow[]> {
    return ((await this.ask('GET', '/v1/egress?limit=10000')).body as { entries: EgressRow[] }).entries;
  }

  results(): ResultsDocument {
    return JSON.parse(readFileSync(this.config.resultsFile!, 'utf8')) as ResultsDocument;
  }
}

export class Constellation {
  readonly coordinator = new MiniCoordinator();
  readonly sites: TestSite[] = [];

  /** Enrols, pins and names approvers at every tenant, as their admins would. */
  async start(size: number): Promise<this> {
    await this.coordinator.start();
    for (let i = 0; i < size; i++) this.sites.push(await new TestSite(this.coordinator, i).start());
    const { rosterHash } = this.coordinator.publishRoster();
    for (const site of this.sites) {
      await site.ask('POST', '/v1/roster/pin', { rosterHash: rosterHash.toString('hex') });
      const approvers = site.approvers.map(({ ref, role, key }) => ({
        approverRef: ref,
        roles: [role],
        key: raw(key),
      }));
      await site.ask('POST', '/v1/approvers', { approvers });
    }
    return this;
  }

  /** One more tenant, enrolled after the roster was made. */
  async lateSite(): Promise<TestSite> {
    const site = await new TestSite(this.coordinator, this.sites.length).start();
    this.sites.push(site);
    return site;
  }

  /** Everybody approves one plan; returns its digest. */
  async grant(rounds = 1): Promise<string> {
    const file = planFile(
      this.sites.map((site) => site.ref),
      { rounds },
    );
    const at = Date.now() - 1_000;
    const approvals = this.sites.flatMap((site) =>
      site.approvers.map((who) => approve(site, who, digestOf(file), { at })),
    );
    await this.coordinator.issueGrant(file, approvals);
    return digestOf(file);
  }

  /** Resolves when this tenant's message of a kind has been accepted. */
  async message(kind: string, idx: number): Promise<void> {
    for (;;) {
      const [got, from] = await once(this.coordinator.events, 'message');
      if (got === kind && from === idx) return;
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.sites.map((site) => site.connector?.stop()));
    await this.coordinator.world.close();
    for (const { config } of this.sites) rmSync(config.folder, { recursive: true });
  }
}

/** Looks again until it holds, for what no event tells. */
export async function eventually(check: () => void | Promise<void>): Promise<void> {
  const until = Date.now() + 10_000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
