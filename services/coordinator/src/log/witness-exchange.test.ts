import { checkpointText, cosignLine, parseLeaf, verifyTlogProof, witnessName } from '@sumveil/transparency';
import { parseRoster } from '@sumveil/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EvidenceWorld, openWorld, startTestPostgres } from '../signing/testing/world.ts';
import { append, read, sequenced } from './testing/leaves.ts';
import { createWitnessAnswers } from './witness-exchange.ts';

let postgres: Awaited<ReturnType<typeof startTestPostgres>>;
let world: EvidenceWorld;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await openWorld(postgres);
  await world.signer();
});

afterAll(async () => {
  await world.close();
  await postgres.stop();
});

describe('witnesses', () => {
  it('put the first roster in force when every founder has cosigned its publication, and then give quorum', async () => {
    const body = await world.publishRoster();
    const roster = parseRoster(body);
    world.startWitnesses(world.tenants.slice(1));
    const early = await append(world, read('early'));
    await sequenced(world, early);
    expect(await world.api.log.whenCovered(early, { timeoutMs: 600 })).toBe(false);
    expect(await world.api.log.status()).toMatchObject({ have: 0, needs: 0, quorumSize: 0 });
    world.startWitnesses([world.tenants[0]!]);
    const inForce = async () =>
      (await world.api.db.prisma.roster.count({ where: { effectiveAt: { not: null } } })) || undefined;
    expect(await world.api.notify.wait('sumveil_run', inForce, { timeoutMs: 5_000 })).toBe(1);
    const key = await append(world, read('covered'));
    expect(await world.api.log.whenCovered(key, { timeoutMs: 5_000 })).toBe(true);
    const proof = (await world.worker.log.logProof(key))!;
    const proven = verifyTlogProof(proof.tlogProof, proof.leaf, roster);
    expect(proven.cosigners.length).toBeGreaterThanOrEqual(roster.witnessQuorum);
    expect(parseLeaf(proof.leaf).type).toBe('audit.read');
    const job = await world.worker.db.prisma.outbox.findMany({ where: { topic: 'log.quorum' } });
    expect(job.map((row) => row.ref)).toContain(String(proof.size));
    expect(new Set(job.map((row) => row.dedupe)).size).toBe(job.length);
    const published = await world.api.db.prisma.auditLeaf.findMany({
      where: { key: { startsWith: '["roster.effective"' } },
    });
    expect(published.length).toBeLessThanOrEqual(1);
  });

  it('come to rest: witness.cosigned alone makes no checkpoint', async () => {
    const key = await append(world, read('rest'));
    await world.api.log.whenCovered(key, { timeoutMs: 5_000 });
    const quiet = async () => {
      const rows = await world.api.db.prisma.auditPending.findMany();
      return rows.length > 0 && rows.every((row) => row.key.startsWith('["witness.cosigned"')) ? true : undefined;
    };
    expect(await world.api.notify.wait('sumveil_outbox', quiet, { timeoutMs: 5_000 })).toBe(true);
    const { size } = await world.api.log.status();
    const newer = async () => ((await world.api.log.status()).size > size ? true : undefined);
    expect(await world.api.notify.wait('sumveil_checkpoint', newer, { timeoutMs: 2_500 })).toBeUndefined();
  });

  it('reaches quorum in well under a tenth of a second', async () => {
    const times: number[] = [];
    for (let i = 0; i < 9; i += 1) {
      const started = performance.now();
      expect(await world.api.log.whenCovered(await append(world, read(`q/${i}`)), { timeoutMs: 5_000 })).toBe(true);
      times.push(performance.now() - started);
    }
    const p50 = times.toSorted((a, b) => a - b)[4]!;
    console.info(`gated leaf to quorum p50 ${p50.toFixed(1)} ms`);
    expect(p50).toBeLessThan(250);
  });

  it('refuses a cosignature by another tenant’s key, and an answer about a size that was never signed', async () => {
    const answers = createWitnessAnswers(world.api.db, world.api.log);
    const newest = (await world.api.log.quorum.latest(world.api.db.prisma))!.checkpoint;
    const text = checkpointText({ origin: world.origin, size: Number(newest.size), root: newest.root });
    const [victim, other] = world.tenants;
    const now = Math.floor(Date.now() / 1000);
    const line = (key: typeof other, time: number) =>
      cosignLine(text, witnessName(world.origin, victim!.ref), key!.witnessKey, time);
    const answer = (body: string, size = newest.size) => answers.receive(victim!.ref, { size, status: 200, body });
    await expect(answer(line(other, now))).rejects.toMatchObject({ code: 'MESSAGE_REFUSED' });
    await expect(answer(line(victim, now + 600))).rejects.toThrow(/clock/);
    await expect(answer(line(victim, now), newest.size + 1n)).rejects.toThrow(/never signed/);
    await expect(answer(line(victim, now))).resolves.toMatchObject({ kind: 'cosigned' });
  });

  it('freezes releases on a fork claim, and treats a witness that is merely behind as behind', async () => {
    const answers = createWitnessAnswers(world.api.db, world.api.log);
    const { size } = await world.api.log.status();
    const [tenant] = world.tenants;
    const claim = (answer: { status: number; contentType?: string; body: string }) =>
      answers.receive(tenant!.ref, { size: BigInt(size), ...answer });
    const sized = { status: 409, contentType: 'text/x.tlog.size' };
    expect(await claim({ ...sized, body: `${size - 1}\n` })).toMatchObject({ kind: 'stale' });
    expect(await world.api.log.frozen()).toBe(false);
    expect(await claim({ status: 422, body: 'another root\n' })).toMatchObject({ kind: 'fork' });
    expect(await claim({ ...sized, body: `${size}\n` })).toMatchObject({ kind: 'fork' });
    expect(await claim({ status: 409, body: 'other root\n' })).toMatchObject({ kind: 'fork' });
    expect(await world.api.log.frozen()).toBe(true);
    expect(
      await world.worker.db.prisma.auditDedupe.count({ where: { key: { startsWith: '["witness.fork_detected"' } } }),
    ).toBe(1);
  });
});
