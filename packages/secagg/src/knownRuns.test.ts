import { encodeSigned, type Signed } from '@sumveil/wire';
import { describe, expect, it } from 'vitest';
import {
  type Accepted,
  acceptM0,
  acceptM1,
  acceptM2,
  acceptM3,
  acceptM4,
  advertise,
  aggregateRoot,
  checkChunk,
  checkManifest,
  checkPlan,
  checkShares,
  consistency,
  decodeAggregate,
  deliverEnvelopes,
  eachChunk,
  listBody,
  listHash,
  type M1,
  type M2,
  manifestBody,
  mask,
  parsePlan,
  parseRoster,
  recoverSecrets,
  rosterHash,
  roundPlan,
  share,
  unmask,
  unmaskChunk,
  unmaskKeys,
} from './index.ts';
import { argsOfPlan } from './plan/checkPlan.ts';
import { type KnownTenant, knownEncapsulate, knownKey, knownRandom, knownSigned } from './testing/knownRun.ts';
import { hex, utf8, vectors } from './testing/vectors.ts';

const runs = ['complete-suite1', 'complete-suite2', 'complete-bits16', 'complete-bits20', 'complete-bits24'];

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

function expectSigned(actual: Signed, known: { body: string; sig: string }): void {
  expect(text(actual.body)).toBe(known.body);
  expect(Buffer.from(actual.sig).toString('base64url')).toBe(known.sig);
}

describe.each(runs)('the attempt of e2e-%s', (name) => {
  const file = vectors(`e2e-${name}`);
  const roster = parseRoster(utf8(file.roster));
  const plan = parsePlan(utf8(file.plan.body));
  const tenants: KnownTenant[] = file.tenants;
  const [u1, u2, u3]: [number[], number[], number[]] = [file.U1, file.U2, file.U3];
  const inputs = { planFile: utf8(file.planFile), grantPayload: utf8(file.grant) };

  const lists = { u1: knownSigned(file.lists.u1), u2: knownSigned(file.lists.u2), u3: knownSigned(file.lists.u3) };

  it('is reproduced byte for byte by both sides', async () => {
    expect(rosterHash(utf8(file.roster))).toEqual(hex(file.rosterHash));
    expect(text(roundPlan({ ...inputs, roster }, argsOfPlan(plan)))).toBe(file.plan.body);
    expect(plan.planHash).toEqual(hex(file.plan.planHash));

    const advertised = tenants.map((known) => ({
      known,
      ...advertise({
        plan: checkPlan({
          plan: knownSigned(file.plan),
          roster,
          idx: known.idx,
          ...inputs,
          floors: { minCohort: 2, minHonest: 2 },
          now: plan.deadlines[0] - 1000,
          spent: false,
        }),
        roster,
        idx: known.idx,
        rosterKey: knownKey(known.edSeed),
        random: knownRandom(known),
        encapsulate: knownEncapsulate(known),
      }),
    }));
    const m0s = advertised.map(({ known, m0 }) => {
      expectSigned(m0, known.m0);
      return acceptM0(plan, roster, known.idx, encodeSigned(m0));
    });
    const directory = m0s.filter((m0) => u1.includes(m0.idx));
    expect(listHash(plan.planHash, 'u1', directory)).toEqual(hex(file.dirHash));
    expect(text(listBody(plan.planHash, 'u1', directory))).toBe(file.lists.u1.body);

    const context1 = { u1, dirHash: hex(file.dirHash) };
    const m1s: (Accepted<M1> & { envelopes: readonly Uint8Array[] })[] = [];
    const shared = [];
    for (const { known, state } of advertised) {
      if (!u2.includes(known.idx)) continue;
      const out = share(state, { list: lists.u1, m0s: directory.map((m0) => m0.signed) });
      expectSigned(out.m1, known.m1!);
      const recipients = u1.filter((idx) => idx !== known.idx);
      expect(out.envelopes.map(text)).toEqual(recipients.map((to) => known.envelopes![to]));
      m1s.push(acceptM1(plan, roster, known.idx, { m1: encodeSigned(out.m1), envelopes: out.envelopes }, context1));
      shared.push({ known, state: out.state });
    }
    expect(text(listBody(plan.planHash, 'u2', m1s))).toBe(file.lists.u2.body);
    const u2Hash = listHash(plan.planHash, 'u2', m1s);
    expect(u2Hash).toEqual(hex(file.u2Hash));

    const delivered = new Map(m1s.map((m1) => [m1.idx, deliverEnvelopes(u1, m1.idx, m1.envelopes)]));
    const { from, to, delivered: example } = file.sharePathExample;
    expect(text(delivered.get(from)!.get(to)!)).toBe(example);

    const uploads = new Map<string, Buffer>();
    const m2s: Accepted<M2>[] = [];
    const masked = [];
    for (const { known, state } of shared) {
      const mine = m1s.filter((m1) => m1.idx !== known.idx).map((m1) => delivered.get(m1.idx)!.get(known.idx)!);
      const checked = checkShares(state, {
        list: lists.u2,
        m1s: m1s.map((m1) => m1.signed),
        delivered: Buffer.concat(mine),
      });
      if (!u3.includes(known.idx)) continue;
      const model = Int32Array.from(known.qModel!);
      const masking = mask(checked, { model, aux: BigInt64Array.from(known.qAux!.map(BigInt)) });
      const chunkHashes = [];
      for (const { segment, chunk, bytes } of masking.chunks) {
        uploads.set(`${known.idx}/${segment}/${chunk}`, bytes);
        chunkHashes.push(checkChunk(plan, segment, chunk, bytes));
        expect(bytes.toString('hex')).toBe(known.chunks!.find((c) => c.seg === segment && c.chunk === chunk)!.hex);
      }
      const { m2, state: next } = masking.finish();
      expectSigned(m2, known.m2!);
      m2s.push(acceptM2(plan, roster, known.idx, encodeSigned(m2), { u2Hash, chunkHashes }));
      masked.push({ known, state: next });
    }
    expect(text(listBody(plan.planHash, 'u3', m2s))).toBe(file.lists.u3.body);
    const u3Hash = listHash(plan.planHash, 'u3', m2s);
    expect(u3Hash).toEqual(hex(file.u3Hash));

    const consistent = masked.map(({ known, state }) => {
      const out = consistency(state, { list: lists.u3, m2s: m2s.map((m2) => m2.signed) });
      expectSigned(out.m3, known.m3!);
      return { known, state: out.state };
    });
    const m3s = consistent.map(({ known, state }) =>
      acceptM3(plan, roster, known.idx, encodeSigned(state.m3), { u3, u3Hash }),
    );
    const m4s = consistent
      .filter(({ known }) => known.m4 !== undefined)
      .map(({ known, state }) => {
        const { m4 } = unmask(state, { m3s: m3s.map((m3) => m3.signed) });
        expectSigned(m4, known.m4!);
        return acceptM4(plan, roster, known.idx, encodeSigned(m4), { u2, u3, u3Hash });
      });

    const secrets = recoverSecrets({ plan, u2, u3, m0s: directory, m4s });
    expect(secrets.blame).toEqual([]);
    const envelopeOf = (sender: number, recipient: number) => {
      const at = u1.filter((idx) => idx !== sender).indexOf(recipient);
      return m1s.find((m1) => m1.idx === sender)!.envelopes[at]!;
    };
    const keys = unmaskKeys({ plan, u3, dirHash: hex(file.dirHash), u2Hash, m0s: directory, secrets, envelopeOf });
    const aggregate: { segment: number; bytes: Buffer; hash: Buffer }[] = [];
    for (const { segment, chunk } of eachChunk(plan)) {
      const chunkOf = (idx: number) => uploads.get(`${idx}/${segment}/${chunk}`)!;
      aggregate.push({ segment, ...(await unmaskChunk({ plan, segment, chunk, keys, u3, chunkOf })) });
    }
    expect(aggregate.map((chunk) => chunk.bytes.toString('hex'))).toEqual(
      file.result.chunks.map((chunk: { hex: string }) => chunk.hex),
    );
    const [model, aux] = [0, 1].map((s) => aggregate.filter((c) => c.segment === s).map((c) => c.bytes));
    const decoded = decodeAggregate(plan, model!, aux!);
    expect([...decoded.sum]).toEqual(file.result.sumModel);
    expect([...decoded.aux.values()].flat()).toEqual(file.result.sumAux.map(BigInt));

    const aggRoot = aggregateRoot(
      plan,
      aggregate.map((chunk) => chunk.hash),
    );
    expect(aggRoot).toEqual(hex(file.result.aggRoot));
    expect(text(manifestBody({ plan, u3, u3Hash, aggRoot, secrets }))).toBe(file.result.manifest.body);
    const manifest = knownSigned(file.result.manifest);
    const signedM0s = directory.map((m0) => m0.signed);
    expect(checkManifest({ plan, roster, manifest, u3Hash, m0s: signedM0s }).survivors).toEqual(u3);
  });
});
