import { randomUUID } from 'node:crypto';
import { newRef } from '@sumveil/identity';
import { leafHash, MemoryTree, parseLeaf, verifyConsistency, verifyInclusion } from '@sumveil/transparency';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EvidenceWorld, openWorld, startTestPostgres } from '../signing/testing/world.ts';
import { append, digest, read, sequenced } from './testing/leaves.ts';

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

const declared = (tenantRef: string, digestNew = digest) =>
  ({
    type: 'approvers.declared',
    actor: { kind: 'connector', ref: tenantRef, via: 'mtls' },
    tenantRef,
    digestNew,
  }) as const;

describe('writing the log', () => {
  it('signs a checkpoint for a gated leaf at once', async () => {
    const times: number[] = [];
    for (let i = 0; i < 15; i += 1) {
      const started = performance.now();
      await sequenced(world, await append(world, read(`warm/${i}`)));
      times.push(performance.now() - started);
    }
    const p50 = times.toSorted((a, b) => a - b)[7]!;
    console.info(`gated leaf to checkpoint p50 ${p50.toFixed(1)} ms`);
    expect(p50).toBeLessThan(60);
  });

  it('keeps exactly one leaf a change: a repeat rolls its own transaction back', async () => {
    const tenantRef = newRef();
    const key = await append(world, declared(tenantRef));
    const other = randomUUID();
    const repeat = world.api.db.transaction(async (tx) => {
      await tx.revocation.create({ data: { id: other, scope: 'serial', target: other, reason: 'x', ticket: 'T-1' } });
      await world.api.log.appendLeaf(tx, declared(tenantRef));
    });
    await expect(repeat).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await world.api.db.prisma.revocation.count({ where: { id: other } })).toBe(0);
    expect(await world.api.db.prisma.auditLeaf.count({ where: { key } })).toBeLessThanOrEqual(1);
    expect(await world.api.db.transaction((tx) => world.api.log.hasLeaf(tx, key))).toBe(true);
  });

  it('numbers the leaves of a run without a gap in log order, whoever writes at once', async () => {
    const { db, log } = world.worker;
    const run = `run-${newRef()}`;
    const owner = new Client({ connectionString: world.urls.superuser });
    await owner.connect();
    await owner.query(`INSERT INTO plan (digest, bytes, name, requester_ref) VALUES ('sha256:p', '', 'p', 'r')`);
    await owner.query(
      `INSERT INTO run (id, plan_digest, model_name, state, requester_ref, rounds, model_digest, prev_manifest)
       VALUES ($1, 'sha256:p', 'm', 'running', 'r', 1, 'sha256:m', '')`,
      [run],
    );
    await owner.end();
    const pause = (i: number) =>
      db.transaction((tx) =>
        log.appendLeaf(
          tx,
          {
            type: 'run.paused',
            actor: { kind: 'service', ref: 'coordinator', via: 'worker' },
            run,
            planDigest: digest,
            grantDigest: digest,
          },
          { gated: i % 7 === 0 },
        ),
      );
    const written = await Promise.all(Array.from({ length: 40 }, (_, i) => pause(i)));
    await sequenced(world, await append(world, read('after')));
    for (const { key } of written) await sequenced(world, key);
    const rows = await db.prisma.auditLeaf.findMany({ where: { log: world.origin }, orderBy: { idx: 'asc' } });
    const ofRun = rows.map((row) => parseLeaf(row.leaf)).filter((leaf) => leaf.run === run);
    expect(ofRun.map((leaf) => leaf.runSeq)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    expect(rows.map((row) => row.idx)).toEqual(rows.map((_, i) => BigInt(i)));
    expect(ofRun.every((leaf, i) => i === 0 || ofRun[i - 1]!.time <= leaf.time)).toBe(true);
  });

  it('drops what is no leaf from the queue and says so in the log', async () => {
    await world.api.db.prisma.$executeRaw`
      INSERT INTO audit_pending (log, key, leaf, gated) VALUES (${world.origin}, 'forged', ${Buffer.from('{"type":"x"}')}, true)`;
    await sequenced(world, await append(world, read('beside')));
    const dropped = async () => {
      const rows = await world.api.db.prisma.auditDedupe.findMany({
        where: { key: { startsWith: '["sign.refused","leaf"' } },
      });
      return rows.length > 0 ? rows : undefined;
    };
    expect(await world.api.notify.wait('sumveil_leaf', dropped, { timeoutMs: 3_000 })).toHaveLength(1);
    expect(await world.api.db.prisma.auditLeaf.count({ where: { key: 'forged' } })).toBe(0);
  });

  it('stores tiles and proves any leaf of any size from them', async () => {
    const { db, log } = world.worker;
    for (let batch = 0; batch < 6; batch += 1) {
      await db.transaction(async (tx) => {
        for (let i = 0; i < 100; i += 1) await log.appendLeaf(tx, read(`many/${batch}/${i}`));
        await log.appendLeaf(tx, read(`many/${batch}`), { gated: true });
      });
    }
    await sequenced(world, await append(world, read('last')));
    const rows = await db.prisma.auditLeaf.findMany({ where: { log: world.origin }, orderBy: { idx: 'asc' } });
    const tree = new MemoryTree();
    for (const row of rows) tree.append(row.leaf);
    expect(rows.length).toBeGreaterThan(600);
    expect(await db.prisma.auditTile.count({ where: { level: 0 } })).toBe(Math.floor(rows.length / 256));
    const checkpoints = await db.prisma.auditCheckpoint.findMany({ orderBy: { size: 'asc' } });
    for (const { size, root } of checkpoints) expect(tree.root(Number(size)).equals(root)).toBe(true);
    for (const size of [3, 257, 512, rows.length]) {
      for (const index of [0, 1, 2, 255, 256, 511, size - 1].filter((i) => i < size)) {
        const proof = await log.proofs.inclusion(db.prisma, BigInt(index), BigInt(size));
        const claim = { index, size, root: tree.root(size), leafHash: leafHash(rows[index]!.leaf), proof };
        expect(verifyInclusion(claim)).toBe(true);
      }
      const proof = await log.proofs.consistency(db.prisma, 3n, BigInt(size));
      expect(verifyConsistency({ size1: 3, size2: size, root1: tree.root(3), root2: tree.root(size), proof })).toBe(
        true,
      );
    }
  });

  it('shows a leaf that a superuser changed only by recomputation: rights are hygiene, the root is evidence', async () => {
    const isolated = await openWorld(postgres);
    try {
      await isolated.signer();
      const { api } = isolated;
      const keys = [];
      for (let i = 0; i < 5; i += 1) {
        keys.push((await api.db.transaction((tx) => api.log.appendLeaf(tx, read(`x/${i}`), { gated: true }))).key);
      }
      const look = async () => ((await api.db.prisma.auditLeaf.count()) >= 5 ? true : undefined);
      await api.notify.wait('sumveil_checkpoint', look, { timeoutMs: 5_000 });
      const [row] = await api.db.prisma.auditLeaf.findMany({ where: { key: keys[2]! } });
      const forged = Buffer.from(Buffer.from(row!.leaf).toString('utf8').replace('x/2', 'y/2'));
      const change = [forged, row!.idx.toString()];
      const root = new Client({ connectionString: isolated.urls.superuser });
      await root.connect();
      const update = "UPDATE audit_leaf SET leaf = $1, leaf_hash = sha256('\\x00'::bytea || $1) WHERE idx = $2";
      await expect(root.query(update, change)).rejects.toThrow();
      await root.query('SET session_replication_role = replica');
      await root.query(update, change);
      await root.end();
      const leaves = await api.db.prisma.auditLeaf.findMany({ orderBy: { idx: 'asc' } });
      const newest = (await api.log.quorum.latest(api.db.prisma))!.checkpoint;
      const tree = new MemoryTree();
      for (const leaf of leaves.slice(0, Number(newest.size))) tree.append(leaf.leaf);
      expect(tree.root().equals(newest.root)).toBe(false);
    } finally {
      await isolated.close();
    }
  });
});

describe('a log that no longer continues', () => {
  it('is not signed on: a head set back by a backup would otherwise grow a second history', async () => {
    const isolated = await openWorld(postgres);
    try {
      await isolated.signer();
      const { api } = isolated;
      const write = (i: number) => api.db.transaction((tx) => api.log.appendLeaf(tx, read(`b/${i}`), { gated: true }));
      const size = (least: number) => async () => ((await api.log.status()).size >= least ? true : undefined);
      await write(1);
      await api.notify.wait('sumveil_checkpoint', size(2), { timeoutMs: 5_000 });
      await write(2);
      await api.notify.wait('sumveil_checkpoint', size(3), { timeoutMs: 5_000 });
      const root = new Client({ connectionString: isolated.urls.superuser });
      await root.connect();
      await root.query('SET session_replication_role = replica');
      await root.query('DELETE FROM audit_checkpoint WHERE size = (SELECT max(size) FROM audit_checkpoint)');
      await root.end();
      const before = await api.db.prisma.auditCheckpoint.count();
      await write(3);
      const more = async () => ((await api.db.prisma.auditCheckpoint.count()) > before ? true : undefined);
      expect(await api.notify.wait('sumveil_checkpoint', more, { timeoutMs: 1_200 })).toBeUndefined();
      expect(await api.db.prisma.auditPending.count()).toBeGreaterThan(0);
    } finally {
      await isolated.close();
    }
  });
});
