import { readFileSync, rmSync } from 'node:fs';
import { createLogger } from '@sumveil/telemetry';
import { digestOf, dssePayload } from '@sumveil/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Connector, startConnector } from './connector.ts';
import { controlCall } from './control/call.ts';
import { MiniCoordinator } from './testing/mini-coordinator.ts';
import { planFile } from './testing/plan.ts';
import { siteFolder } from './testing/site-folder.ts';
import { type Approver, approve, raw, testTenant } from './testing/tenants.ts';

const quiet = () => createLogger({ process: 'connector', stream: { write: () => {} } });

interface Running {
  readonly config: ReturnType<typeof siteFolder>;
  readonly ref: string;
  readonly idx: number;
  readonly approvers: readonly Approver[];
  connector: Connector;
}

let coordinator: MiniCoordinator;
const sites: Running[] = [];
beforeEach(async () => {
  coordinator = new MiniCoordinator();
  await coordinator.start();
});
afterEach(async () => {
  await Promise.all(sites.map((site) => site.connector.stop()));
  await coordinator.world.close();
  for (const { config } of sites.splice(0)) rmSync(config.folder, { recursive: true });
});

/** Enrols, pins and names approvers at every tenant, as their admins would. */
async function constellation(size: number, policy?: string): Promise<void> {
  for (let i = 0; i < size; i++) {
    const { text, ref, idx } = coordinator.world.invite();
    const config = siteFolder(coordinator.world, text, { seed: i, ...(policy && { policy }) });
    const { steward, officer } = testTenant(idx);
    sites.push({
      config,
      ref,
      idx,
      approvers: [steward, officer],
      connector: await startConnector(config, { logger: quiet() }),
    });
  }
  const roster = coordinator.publishRoster();
  for (const { config, approvers } of sites) {
    const pinned = await controlCall(config.stateDir, 'POST', '/v1/roster/pin', {
      rosterHash: roster.rosterHash.toString('hex'),
    });
    expect(pinned).toMatchObject({ status: 200, body: { pinned: { ownRow: 'ok', epoch: 1 } } });
    const rows = approvers.map(({ ref, role, key }) => ({ approverRef: ref, roles: [role], key: raw(key) }));
    expect(await controlCall(config.stateDir, 'POST', '/v1/approvers', { approvers: rows })).toMatchObject({
      status: 200,
    });
  }
}

async function grantAll(rounds = 1): Promise<string> {
  const file = planFile(
    sites.map((site) => site.ref),
    { rounds },
  );
  const at = Date.now() - 1_000;
  const approvals = sites.flatMap((site) => site.approvers.map((who) => approve(site, who, digestOf(file), { at })));
  await coordinator.issueGrant(file, approvals);
  return digestOf(file);
}

const results = (site: Running) => JSON.parse(readFileSync(site.config.resultsFile!, 'utf8'));
const egress = async (site: Running): Promise<{ what: string; code?: string; digest: string }[]> =>
  ((await controlCall(site.config.stateDir, 'GET', '/v1/egress?limit=1000')).body as { entries: [] }).entries;

async function eventually(check: () => void | Promise<void>): Promise<void> {
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

describe('connectors and a coordinator that keeps the rules', () => {
  it('run statistics and training in masked rounds; each tenant scores the same model on its own rows', async () => {
    await constellation(5);
    await grantAll(2);
    for (let round = 1; round <= 3; round++) await coordinator.released(await coordinator.openRound(round));
    await eventually(async () => {
      for (const site of sites) {
        const { runs } = results(site);
        expect(runs[0].rounds).toHaveLength(3);
        expect(runs[0].lone).not.toBeNull();
        expect(runs[0].rounds[2]).toMatchObject({ stage: 'train', survivors: 5, took: true });
        expect(runs[0].rounds[2].modelDigest).toBe(results(sites[0]!).runs[0].rounds[2].modelDigest);
        expect(runs[0].rounds[2].federated.testRows).toBeGreaterThan(0);
      }
    });
    const last = results(sites[0]!).runs[0].rounds[2].modelDigest;
    expect(coordinator.artifacts.has(last)).toBe(true);
    const left = await egress(sites[0]!);
    for (const what of ['m0', 'm1', 'chunk', 'm2', 'm3', 'm4'])
      expect(left.filter((e) => e.what === what).length).toBeGreaterThanOrEqual(3);
  });
});
