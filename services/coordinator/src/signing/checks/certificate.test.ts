import { X509Certificate } from 'node:crypto';
import {
  createCsr,
  generateEd25519,
  generateP256,
  newJoinString,
  newRef,
  proveEnrolment,
  spiffeName,
  spkiDer,
} from '@sumveil/identity';
import { toBase64url } from '@sumveil/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificateOrderBytes } from '../certificate-order.ts';
import { askSigner, leafWith, type Question } from '../testing/ask.ts';
import { type EvidenceWorld, openWorld, startTestPostgres } from '../testing/world.ts';

let postgres: Awaited<ReturnType<typeof startTestPostgres>>;
let world: EvidenceWorld;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await openWorld(postgres);
  await world.signer();
}, 60_000);

afterAll(async () => {
  await world.close();
  await postgres.stop();
});

const ask = (...question: Question) => askSigner(world, ...question);
const leafExists = (part: string) => leafWith(world, part);

describe('certificates', () => {
  async function order(change: { spend?: boolean; foreignProof?: boolean; issued?: boolean } = {}) {
    const tenant = world.tenants[0]!;
    const { token, tokenHash } = newJoinString(world.published.rootSpki);
    const key = generateP256();
    const [rosterKey, witnessKey] = [generateEd25519(), generateEd25519()];
    const proofs = proveEnrolment({
      token,
      csrSpki: spkiDer(change.foreignProof ? generateP256() : key),
      rosterKey,
      witnessKey,
    });
    const { db, log } = world.api;
    const expiresAt = new Date(Date.now() + 600_000);
    if (change.issued !== false) {
      const actor = { kind: 'person', ref: newRef(), via: 'management' } as const;
      const tickets = ['a', 'b'].map((id) => ({ system: 'platform', id }));
      const written = `sha256:${tokenHash.toString('hex')}`;
      const fields = { tenantRef: tenant.ref, tokenHash: written, expiresAt: expiresAt.toISOString(), tickets };
      await db.transaction((tx) => log.appendLeaf(tx, { type: 'enrol.token_issued', actor, ...fields }));
    }
    const n = (await db.prisma.connector.count()) + 1;
    const name = spiffeName('sumveil.test', tenant.ref, n);
    await db.prisma.joinToken.create({
      data: {
        hash: Uint8Array.from(tokenHash),
        tenantRef: tenant.ref,
        tickets: ['a', 'b'],
        expiresAt,
        usedAt: change.spend === false ? null : new Date(),
      },
    });
    await db.prisma.connector.create({
      data: {
        name,
        tenantRef: tenant.ref,
        n,
        rosterKey: Uint8Array.from(proofs.rosterKey),
        witnessKey: Uint8Array.from(proofs.witnessKey),
      },
    });
    const by = {
      kind: 'token',
      tokenHash: toBase64url(tokenHash),
      rosterKey: toBase64url(proofs.rosterKey),
      rosterProof: toBase64url(proofs.rosterProof),
      witnessKey: toBase64url(proofs.witnessKey),
      witnessProof: toBase64url(proofs.witnessProof),
    } as const;
    const csr = await createCsr(key);
    return {
      subject: `token:${tokenHash.toString('hex')}`,
      name,
      body: certificateOrderBytes({ name, csr, lifeSeconds: 3_600, by }),
    };
  }

  it('are issued once for a spent token, under the name of its tenant', async () => {
    const { subject, name, body } = await order();
    const answer = await ask('certificate', subject, body);
    expect(answer).toHaveProperty('result');
    const chain = new X509Certificate((answer as { result: Buffer }).result);
    expect(chain.subjectAltName).toBe(`URI:${name}`);
    await expect(ask('certificate', subject, (await order()).body)).rejects.toMatchObject({
      reasons: ['BODY_DIFFERS'],
    });
    expect(await leafExists(`["sign.refused","certificate","${subject}","BODY_DIFFERS"]`)).toBe(true);
  });

  it('are refused for a token that is not spent, a proof over another key, a foreign subject', async () => {
    const unspent = await order({ spend: false });
    expect(await ask('certificate', unspent.subject, unspent.body)).toEqual({ refused: 'TOKEN' });
    const foreign = await order({ foreignProof: true });
    expect(await ask('certificate', foreign.subject, foreign.body)).toEqual({ refused: 'PROOF' });
    const moved = await order();
    expect(await ask('certificate', `token:${'0'.repeat(64)}`, moved.body)).toEqual({ refused: 'UNKNOWN_SUBJECT' });
    expect(await ask('certificate', 'token:x', Buffer.from('not an order'))).toEqual({ refused: 'FORMAT' });
  });

  it('are refused for a token whose two tickets are not in the log, whatever the tables say', async () => {
    const forged = await order({ issued: false });
    expect(await ask('certificate', forged.subject, forged.body)).toEqual({ refused: 'TOKEN' });
  });
});
