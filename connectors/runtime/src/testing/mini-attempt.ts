import type { KeyObject } from 'node:crypto';
import { applyAggregate, auxSums, type Stage } from '@sumveil/learning';
import {
  type Accepted,
  acceptM0,
  acceptM1,
  acceptM2,
  acceptM3,
  acceptM4,
  aggregateRoot,
  checkChunk,
  decodeAggregate,
  decodeEnvelopes,
  deliverEnvelopes,
  eachChunk,
  listBody,
  listHash,
  type M0,
  type M4,
  manifestBody,
  meanUpdate,
  parsePlan,
  type Roster,
  type RoundPlan,
  recoverSecrets,
  unmaskChunk,
  unmaskKeys,
} from '@sumveil/secagg';
import { encodeSigned, type Signed, signBody, splitLines, type TaskKind } from '@sumveil/wire';
import { task } from './plan.ts';

type Any = Accepted<unknown>;
const steps: Record<string, TaskKind> = { m0: 'share', m1: 'masked', m2: 'consistency', m3: 'unmask', m4: 'result' };

/** The coordinator's side of one attempt, straight from the protocol's functions; a phase closes when all expected answered. */
export class MiniAttempt {
  readonly plan: RoundPlan;
  readonly signedPlan: Signed;
  readonly roster: Roster;
  readonly #key: KeyObject;
  readonly #stage: Stage;
  readonly #model: Uint8Array;
  readonly got: Record<'m0' | 'm1' | 'm2' | 'm3' | 'm4', Map<number, Any>> = {
    m0: new Map(),
    m1: new Map(),
    m2: new Map(),
    m3: new Map(),
    m4: new Map(),
  };
  readonly aborts: Map<number, Buffer> = new Map();
  readonly #envelopes = new Map<number, readonly Uint8Array[]>();
  readonly #chunks = new Map<string, Buffer>();
  readonly lists = new Map<string, Buffer>();
  phase: TaskKind = 'advertise';
  manifest: Signed | undefined;
  readonly aggregate = new Map<string, Buffer>();
  nextModel: Uint8Array | undefined;
  /** Tenants that are away; nobody waits for them. */
  readonly away = new Set<number>();

  constructor(o: { body: Buffer; roster: Roster; key: KeyObject; stage: Stage; model: Uint8Array }) {
    this.plan = parsePlan(o.body);
    this.signedPlan = signBody('plan', o.body, o.key);
    this.roster = o.roster;
    this.#key = o.key;
    this.#stage = o.stage;
    this.#model = o.model;
  }

  /** @returns the kind of task that follows when this message closed its phase */
  async accept(kind: keyof MiniAttempt['got'], from: number, bytes: Buffer): Promise<TaskKind | undefined> {
    if (!this.got[kind].has(from)) this.got[kind].set(from, this.#open(kind, from, bytes));
    return await this.closeIfDone(kind);
  }

  #open(kind: keyof MiniAttempt['got'], from: number, bytes: Buffer): Any {
    const { plan, roster, got } = this;
    if (kind === 'm0') return acceptM0(plan, roster, from, bytes, got.m0.values() as Iterable<Accepted<M0>>);
    if (kind === 'm1') {
      const lines = splitLines(bytes);
      const m1 = Buffer.concat([lines[0]!, Buffer.from('\n'), lines[1]!, Buffer.from('\n')]);
      const envelopes = decodeEnvelopes(bytes.subarray(m1.length));
      const accepted = acceptM1(
        plan,
        roster,
        from,
        { m1, envelopes },
        { u1: this.#set('m0'), dirHash: this.#hash('u1', 'm0') },
      );
      this.#envelopes.set(from, envelopes);
      return accepted;
    }
    if (kind === 'm2') {
      const chunkHashes = [...eachChunk(plan)].map(({ segment, chunk }) =>
        checkChunk(plan, segment, chunk, this.#chunks.get(`${from}/${segment}/${chunk}`)!),
      );
      return acceptM2(plan, roster, from, bytes, { u2Hash: this.#hash('u2', 'm1'), chunkHashes });
    }
    const u3 = this.#set('m2');
    const u3Hash = this.#hash('u3', 'm2');
    if (kind === 'm3') return acceptM3(plan, roster, from, bytes, { u3, u3Hash });
    return acceptM4(plan, roster, from, bytes, { u2: this.#set('m1'), u3, u3Hash });
  }

  putChunk(from: number, segment: number, chunk: number, bytes: Buffer): void {
    this.#chunks.set(`${from}/${segment}/${chunk}`, bytes);
  }

  async closeIfDone(kind: keyof MiniAttempt['got']): Promise<TaskKind | undefined> {
    const before = { m0: undefined, m1: 'm0', m2: 'm1', m3: 'm2', m4: 'm2' } as const;
    const expected = (before[kind] ? this.#set(before[kind]) : this.plan.cohort).filter((idx) => !this.away.has(idx));
    const next = steps[kind]!;
    if (!expected.every((idx) => this.got[kind].has(idx)) || this.phase === next || this.manifest) return undefined;
    this.phase = next;
    const phase = { m0: 'u1', m1: 'u2', m2: 'u3' }[kind as string] as 'u1' | 'u2' | 'u3' | undefined;
    if (phase) {
      const body = listBody(
        this.plan.planHash,
        phase,
        [...this.got[kind].values()].toSorted((a, b) => a.idx - b.idx),
      );
      this.lists.set(phase, encodeSigned(signBody('list', body, this.#key)));
    }
    if (kind === 'm4') await this.#release();
    return next;
  }

  material(name: string): Buffer {
    const [phase, kind] = {
      directory: ['u1', 'm0'],
      shares: ['u2', 'm1'],
      inputs: ['u3', 'm2'],
      consistency: ['', 'm3'],
    }[name]!;
    const messages = this.#sorted(kind as 'm0').map((message) => encodeSigned(message.signed));
    return Buffer.concat([this.lists.get(phase!) ?? Buffer.alloc(0), ...messages]);
  }

  delivered(to: number): Buffer {
    const u1 = this.#set('m0');
    const senders = this.#set('m1').filter((from) => from !== to);
    return Buffer.concat(senders.map((from) => deliverEnvelopes(u1, from, this.#envelopes.get(from)!).get(to)!));
  }

  async #release(): Promise<void> {
    const { plan, got } = this;
    const [u1, u2, u3] = [this.#set('m0'), this.#set('m1'), this.#set('m2')];
    const m0s = [...got.m0.values()] as Accepted<M0>[];
    const secrets = recoverSecrets({ plan, u2, u3, m0s, m4s: [...got.m4.values()] as Accepted<M4>[] });
    const keys = unmaskKeys({
      plan,
      u1,
      u2,
      u3,
      dirHash: this.#hash('u1', 'm0'),
      u2Hash: this.#hash('u2', 'm1'),
      m0s,
      envelopeOf: (from: number, to: number) => this.#envelopes.get(from)![u1.filter((i) => i !== from).indexOf(to)]!,
      secrets,
    } as Parameters<typeof unmaskKeys>[0]);
    const hashes: Buffer[] = [];
    const segments: [Uint8Array[], Uint8Array[]] = [[], []];
    for (const { segment, chunk } of eachChunk(plan)) {
      const sum = await unmaskChunk({
        plan,
        segment,
        chunk,
        keys,
        u3,
        chunkOf: (idx) => this.#chunks.get(`${idx}/${segment}/${chunk}`)!,
      });
      hashes.push(sum.hash);
      segments[segment].push(sum.bytes);
      this.aggregate.set(`${segment}/${chunk}`, sum.bytes);
    }
    const body = manifestBody({
      plan,
      u3,
      u3Hash: this.#hash('u3', 'm2'),
      aggRoot: aggregateRoot(plan, hashes),
      secrets,
    });
    const decoded = decodeAggregate(plan, ...segments);
    const aux = auxSums(this.#stage.aux, decoded.aux);
    this.nextModel = applyAggregate({
      task,
      stage: this.#stage,
      model: this.#model,
      meanUpdate: meanUpdate(plan, decoded, u3.length),
      aux,
    });
    this.manifest = signBody('manifest', body, this.#key);
  }

  #sorted(kind: keyof MiniAttempt['got']): Any[] {
    return [...this.got[kind].values()].toSorted((a, b) => a.idx - b.idx);
  }

  #set(kind: keyof MiniAttempt['got']): number[] {
    return this.#sorted(kind).map((message) => message.idx);
  }

  #hash(phase: 'u1' | 'u2' | 'u3', kind: keyof MiniAttempt['got']): Buffer {
    return listHash(this.plan.planHash, phase, this.#sorted(kind));
  }
}
