import { once } from 'node:events';
import { digestOf, dsseBytes, dssePayload } from '@sumveil/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Constellation, eventually } from './testing/constellation.ts';
import { baseModel } from './testing/plan.ts';
import { approve } from './testing/tenants.ts';

let world: Constellation;
beforeEach(async () => {
  world = await new Constellation().start(5);
});
afterEach(() => world.stop());

describe('connectors and a coordinator that keeps the rules', () => {
  it('run statistics and training in masked rounds; each scores the same model on its own rows', async () => {
    const { coordinator, sites } = world;
    await world.grant(2);
    for (let round = 1; round <= 3; round++) await coordinator.released(await coordinator.openRound(round));
    await eventually(() => {
      for (const site of sites) {
        const [run] = site.results().runs;
        expect(run!.rounds).toHaveLength(3);
        expect(run!.lone).not.toBeNull();
        expect(run!.rounds[2]).toMatchObject({ stage: 'train', survivors: 5, took: true });
        expect(run!.rounds[2]!.modelDigest).toBe(sites[0]!.results().runs[0]!.rounds[2]!.modelDigest);
        expect(run!.rounds[2]!.federated!.testRows).toBeGreaterThan(0);
      }
    });
    expect(coordinator.artifacts.has(sites[0]!.results().runs[0]!.rounds[2]!.modelDigest)).toBe(true);
  });

  it('write into the egress ledger what leaves, before it leaves', async () => {
    const { coordinator, sites } = world;
    const late: string[] = [];
    const seen: string[] = [];
    coordinator.onBytes = async (idx, bytes) => {
      const site = sites.find((one) => one.idx === idx)!;
      const digest = digestOf(bytes);
      seen.push(digest);
      if (!(await site.egress()).some((entry) => entry.digest === digest)) late.push(digest);
    };
    await world.grant();
    await coordinator.released(await coordinator.openRound(1));
    expect(late).toEqual([]);
    expect(seen.length).toBeGreaterThanOrEqual(5 * 6);
  });

  it('go on without a connector that is killed, which stays silent for the attempt and joins the next round', async () => {
    const { coordinator, sites } = world;
    await world.grant(2);
    const lost = sites[4]!;
    await lost.connector!.stop();
    const first = await lost.spawn();
    const sent = world.message('m1', lost.idx);
    const attempt = await coordinator.openRound(1);
    await sent;
    first.kill('SIGKILL');
    await once(first, 'exit');
    await coordinator.drop(attempt, lost.idx);
    const messages: string[] = [];
    coordinator.events.on('message', (kind: string, idx: number) => {
      if (idx === lost.idx) messages.push(kind);
    });
    await lost.start();
    await coordinator.released(attempt);
    expect(attempt.got.m2.size).toBe(4);
    expect(messages).toEqual([]);
    await eventually(() => expect(lost.results().runs[0]!.rounds).toHaveLength(1));
    expect(lost.results().runs[0]!.rounds[0]).toMatchObject({ took: false, survivors: 4 });
    const next = await coordinator.openRound(2);
    await coordinator.released(next);
    expect(next.got.m4.size).toBe(5);
    expect(messages).toEqual(['m0', 'm1', 'm2', 'm3', 'm4']);
  });

  it('say abort when one of them comes back in mid-attempt, so that nobody waits for it', async () => {
    const { coordinator, sites } = world;
    await world.grant(2);
    const lost = sites[4]!;
    await lost.connector!.stop();
    const first = await lost.spawn();
    const sent = world.message('m1', lost.idx);
    const attempt = await coordinator.openRound(1);
    await sent;
    first.kill('SIGKILL');
    await once(first, 'exit');
    await lost.start();
    await eventually(() => expect(attempt.aborts.has(lost.idx)).toBe(true));
    expect(JSON.parse(attempt.aborts.get(lost.idx)!.toString().split('\n')[0]!)).toMatchObject({
      type: 'abort',
      reason: 'local',
    });
    expect((await lost.egress()).filter(({ what }) => what === 'abort')).toHaveLength(1);
    await coordinator.drop(attempt, lost.idx);
    await coordinator.released(attempt);
    expect(attempt.got.m2.has(lost.idx)).toBe(false);
  });

  it('say abort again, in the same bytes, until somebody answers, also after a further restart', async () => {
    const { coordinator, sites } = world;
    await world.grant();
    const lost = sites[4]!;
    await lost.connector!.stop();
    const first = await lost.spawn();
    const sent = world.message('m1', lost.idx);
    const attempt = await coordinator.openRound(1);
    await sent;
    first.kill('SIGKILL');
    await once(first, 'exit');
    let away = true;
    const tried: string[] = [];
    coordinator.onBytes = async (idx, bytes) => {
      if (idx !== lost.idx || !bytes.includes('"abort"')) return;
      tried.push(digestOf(bytes));
      if (away) throw new Error('the coordinator is away for a moment');
    };
    await lost.start();
    await eventually(() => expect(tried.length).toBeGreaterThan(1));
    await lost.connector!.stop();
    const before = tried.length;
    await lost.start();
    await eventually(() => expect(tried.length).toBeGreaterThan(before + 1));
    expect(attempt.aborts.has(lost.idx)).toBe(false);
    away = false;
    await eventually(() => expect(attempt.aborts.has(lost.idx)).toBe(true));
    expect([...new Set(tried)]).toEqual([digestOf(attempt.aborts.get(lost.idx)!)]);
    const left = (await lost.egress()).filter(({ what }) => what === 'abort');
    expect(left.map(({ digest }) => digest)).toEqual([tried[0]]);
  });

  it('catch up with several results in their order, also when the coordinator fails at the first', async () => {
    const { coordinator, sites } = world;
    await world.grant(2);
    const lost = sites[4]!;
    await lost.connector!.stop();
    for (let round = 1; round <= 2; round++) {
      const attempt = await coordinator.openRound(round);
      await coordinator.drop(attempt, lost.idx);
      await coordinator.released(attempt);
      await eventually(() => {
        for (const site of sites.slice(0, 4)) expect(site.results().runs[0]!.rounds).toHaveLength(round);
      });
    }
    let failures = 0;
    coordinator.bendSum = (bytes) => {
      if (failures++ === 0) throw new Error('the disk is away for a moment');
      return bytes;
    };
    await lost.start();
    await eventually(() => expect(lost.results().runs[0]!.rounds.map(({ round }) => round)).toEqual([1, 2]));
    expect(failures).toBeGreaterThan(1);
    await coordinator.released(await coordinator.openRound(3));
  });

  it('refuse, signed and on record, once an own approver has withdrawn at the connector itself', async () => {
    const { coordinator, sites } = world;
    const planDigest = await world.grant();
    const site = sites[2]!;
    const withdrawal = approve(site, site.approvers[0]!, planDigest, { at: Date.now(), decision: 'withdrawn' });
    const stored = await site.ask('POST', '/v1/withdrawals', dsseBytes(withdrawal));
    expect(stored).toMatchObject({ status: 200, body: { stored: true } });
    const refused = once(coordinator.events, 'refused');
    const attempt = await coordinator.openRound(1);
    await refused;
    await coordinator.drop(attempt, site.idx);
    await coordinator.released(attempt);
    const payload = JSON.parse(dssePayload(coordinator.refusals[0]!).toString());
    expect(payload).toMatchObject({ tenantRef: site.ref, code: 'GATE_APPROVAL_OWN' });
    expect(Object.keys(payload)).not.toContain('detail');
    const left = await site.egress();
    expect(left.filter((entry) => entry.runId).map(({ what, code }) => [what, code])).toEqual([
      ['refusal', 'GATE_APPROVAL_OWN'],
    ]);
  });

  it('send no M2 when an own approver withdraws while the update is on its way', async () => {
    const { coordinator, sites } = world;
    const planDigest = await world.grant();
    const site = sites[2]!;
    const withdrawal = approve(site, site.approvers[0]!, planDigest, { at: Date.now(), decision: 'withdrawn' });
    let seen = 0;
    coordinator.onBytes = async (idx) => {
      // M0, M1, then the only chunk of the statistics stage
      if (idx === site.idx && ++seen === 3) await site.ask('POST', '/v1/withdrawals', dsseBytes(withdrawal));
    };
    const refused = once(coordinator.events, 'refused');
    const attempt = await coordinator.openRound(1);
    await refused;
    await coordinator.drop(attempt, site.idx);
    await coordinator.released(attempt);
    expect(attempt.got.m2.has(site.idx)).toBe(false);
    const whats = (await site.egress()).filter((entry) => entry.planHash).map((entry) => entry.what);
    expect(whats).toEqual(['refusal', 'chunk', 'm1', 'm0']);
  });

  it('send abort and nothing else when the directory was tampered with', async () => {
    const { coordinator, sites } = world;
    await world.grant();
    coordinator.bend = (material, bytes) => {
      if (material !== 'directory') return bytes;
      const bent = Buffer.from(bytes);
      bent[bent.length - 10]! ^= 1;
      return bent;
    };
    let tries = 0;
    coordinator.onBytes = async (idx, bytes) => {
      if (idx === 1 && bytes.includes('"abort"') && ++tries <= 2) throw new Error('away for a moment');
    };
    const aborted = Promise.all(sites.map((site) => world.message('abort', site.idx)));
    const attempt = await coordinator.openRound(1);
    await aborted;
    expect(tries).toBe(3);
    expect(attempt.got.m1.size).toBe(0);
    expect(JSON.parse(attempt.aborts.get(1)!.toString().split('\n')[0]!)).toMatchObject({
      type: 'abort',
      reason: 'directory',
    });
    const whats = (await sites[0]!.egress()).filter((entry) => entry.planHash).map((entry) => entry.what);
    expect(whats).toEqual(['abort', 'm0']);
  });

  it('refuse a sum that is not under aggRoot, and every round that continues from it', async () => {
    const { coordinator, sites } = world;
    await world.grant(2);
    coordinator.bendSum = (bytes) => Buffer.from(bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte)));
    await coordinator.released(await coordinator.openRound(1));
    await eventually(async () => {
      const { warnings } = (await sites[0]!.ask('GET', '/v1/status')).body as { warnings: string[] };
      expect(warnings.join()).toMatch(/aggRoot/);
    });
    const refused = once(coordinator.events, 'refused');
    await coordinator.openRound(2);
    await refused;
    expect(JSON.parse(dssePayload(coordinator.refusals[0]!).toString())).toMatchObject({ code: 'GATE_PROTOCOL' });
  });

  it('refuse a second round on a model that is not what the first sum leads to', async () => {
    const { coordinator, sites } = world;
    await world.grant(2);
    await coordinator.released(await coordinator.openRound(1));
    await eventually(() => expect(sites.map((site) => site.results().runs[0]?.rounds.length)).toEqual([1, 1, 1, 1, 1]));
    coordinator.replaceModel(baseModel);
    const refused = once(coordinator.events, 'refused');
    const attempt = await coordinator.openRound(2);
    await refused;
    expect(JSON.parse(dssePayload(coordinator.refusals[0]!).toString())).toMatchObject({ code: 'GATE_PROTOCOL' });
    expect(attempt.got.m0.size).toBe(0);
  });
});
