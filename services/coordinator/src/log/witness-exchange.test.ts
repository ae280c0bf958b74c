import { generateEd25519 } from '@sumveil/identity';
import {
  checkpointText,
  cosignLine,
  parseLeaf,
  signCheckpoint,
  verifyTlogProof,
  witnessName,
} from '@sumveil/transparency';
import { digestOf, parseRoster } from '@sumveil/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nextCheckpoint } from '../features/audit/witnesses.ts';
import { loadSignerKeys } from '../signing/key-files.ts';
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
    const announced = `["witness.cosigned",${proof.size}]`;
    expect(await world.worker.db.prisma.auditDedupe.count({ where: { key: announced } })).toBe(1);
    expect(await world.worker.db.prisma.outbox.count()).toBe(0);
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

  describe('that say they saw another history', () => {
    const sized = { status: 409, contentType: 'text/x.tlog.size' };
    const noteOf = (size: number, root: Buffer, key = loadSignerKeys(world.keysFolder).log) =>
      signCheckpoint({ origin: world.origin, size, root }, key).toString('utf8');
    const keysIn = async (type: string) => {
      const rows = await world.api.db.prisma.auditDedupe.findMany({ where: { key: { startsWith: `["${type}"` } } });
      return rows.map((row) => row.key);
    };

    it('stop nothing while they show nothing, or something that the log did not sign or that is in it', async () => {
      const answers = createWitnessAnswers(world.api.db, world.api.log);
      const { checkpoint } = (await world.api.log.quorum.latest(world.api.db.prisma))!;
      const size = Number(checkpoint.size);
      const claim = (answer: { status: number; contentType?: string; body: string; note?: string }, tenant = 0) =>
        answers.receive(world.tenants[tenant]!.ref, { size: BigInt(size), ...answer });
      expect(await claim({ ...sized, body: `${size - 1}\n` })).toMatchObject({ kind: 'stale' });
      const other = Buffer.alloc(32, 9);
      const shown = [undefined, 'no note', checkpoint.note.toString('utf8'), noteOf(size, other, generateEd25519())];
      for (const note of shown) {
        const evidence = note === undefined ? {} : { note };
        expect(await claim({ status: 422, body: 'x\n', ...evidence })).toMatchObject({ kind: 'claimed' });
        expect(await claim({ ...sized, body: `${size + 99}\n`, ...evidence })).toMatchObject({ kind: 'claimed' });
      }
      expect(await world.api.log.frozen()).toBe(false);
      expect(await keysIn('witness.below_quorum')).toHaveLength(1);
    });

    it('ahead of everything stored are asked to show their checkpoint, and freeze nothing by asking', async () => {
      const poll = nextCheckpoint(world.api);
      const [tenant] = world.tenants;
      expect(await poll(tenant!.ref, 999_999_999n, AbortSignal.timeout(3_000))).toEqual({ request: null, ahead: true });
      expect(await world.api.log.frozen()).toBe(false);
    });

    it('freeze releases when they show the log’s signature on something that is not in it', async () => {
      const answers = createWitnessAnswers(world.api.db, world.api.log);
      const [tenant] = world.tenants;
      const { size } = await world.api.log.status();
      const note = noteOf(size + 99, Buffer.alloc(32, 9));
      const answer = { ...sized, size: BigInt(size + 99), body: `${size + 99}\n`, note };
      expect(await answers.receive(tenant!.ref, answer)).toMatchObject({ kind: 'fork' });
      expect(await answers.receive(tenant!.ref, answer)).toMatchObject({ kind: 'fork' });
      expect(await world.api.log.frozen()).toBe(true);
      const leaves = await keysIn('witness.fork_detected');
      expect(leaves).toHaveLength(1);
      expect(leaves[0]).toContain(digestOf(Buffer.from(note)));
    });
  });
});
