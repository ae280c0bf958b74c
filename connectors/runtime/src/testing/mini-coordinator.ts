import { EventEmitter, once } from 'node:events';
import { buildGrant, grantDigest, parseApproverList } from '@sumveil/approvals';
import { encodeRoster, parseRoster, type Roster, roundPlan, ZERO_HASH } from '@sumveil/secagg';
import { addCheckpointBody, countQuorum } from '@sumveil/transparency';
import {
  type DsseEnvelope,
  digestOf,
  dsseBytes,
  dssePayload,
  encodeSigned,
  parseDsse,
  quorumOf,
  sha256,
  type Task,
  type TaskKind,
  toBase64url,
} from '@sumveil/wire';
import { digestText } from '../gate/grant.ts';
import { stageOf } from '../gate/material.ts';
import { TestLog } from './log.ts';
import { argsFor, grantLeafOf, planLeafOf, RUN, roundLeafOf } from './material.ts';
import { MiniAttempt } from './mini-attempt.ts';
import { baseModel, CODE_DIGEST } from './plan.ts';
import { coordinatorKeys, raw } from './tenants.ts';
import { type Asked, type Handlers, Refusal, type TlsWorld, tlsWorld } from './tls-world.ts';

interface Open extends Task {
  readonly idx: number;
  closed: boolean;
}

/** A coordinator in memory that keeps the rules; its parts can be bent by a test. One run at a time. */
export class MiniCoordinator {
  readonly keys = coordinatorKeys();
  readonly log = new TestLog('log.example', this.keys.log);
  readonly events = new EventEmitter().setMaxListeners(0);
  readonly lists = new Map<string, Buffer>();
  readonly refusals: DsseEnvelope[] = [];
  readonly attempts = new Map<string, MiniAttempt>();
  readonly artifacts = new Map<string, Uint8Array>([[digestOf(baseModel), baseModel]]);
  readonly tasks: Open[] = [];
  /** Sees every message and chunk of an attempt before it is looked at. */
  onBytes: (idx: number, bytes: Buffer) => Promise<void> = async () => {};
  /** Bends what tenants are shown of a phase. */
  bend: (material: string, bytes: Buffer) => Buffer = (_, bytes) => bytes;
  /** Bends the published sum. */
  bendSum: (bytes: Buffer) => Buffer = (bytes) => bytes;
  world!: TlsWorld;
  rosterBody: Buffer | undefined;
  /** Answers 503 to what a doctor asks. */
  away = false;
  roster!: Roster;
  planFile!: Buffer;
  submitted!: { bytes: Buffer; index: number };
  grant!: { envelope: DsseEnvelope; leaf: Buffer; index: number };
  stages!: Parameters<typeof stageOf>[0];
  #rounds = new Map<string, { leaf: Buffer; index: number }>();
  #chain = { model: Buffer.from(baseModel) as Uint8Array, manifest: ZERO_HASH };

  async start(): Promise<void> {
    this.world = await tlsWorld(this.#handlers());
  }

  publishRoster(): Roster {
    const members = [...this.world.enrolled.values()].toSorted((a, b) => a.idx - b.idx);
    const fraction = { cNum: 1, cDen: 3 };
    this.rosterBody = encodeRoster({
      type: 'roster',
      v: 1,
      rosterId: 'test',
      epoch: 1,
      prevRoster: ZERO_HASH,
      members: members.map(({ idx, ref, rosterKey, witnessKey }) => ({ idx, tenantRef: ref, rosterKey, witnessKey })),
      coordinatorKey: raw(this.keys.coordinator),
      grantKey: raw(this.keys.grant),
      reportKey: raw(this.keys.report),
      logOrigin: this.log.origin,
      logKey: raw(this.keys.log),
      rootSpki: [this.world.rootSpki],
      witnessQuorum: quorumOf(members.length, fraction),
      ...fraction,
      minCohort: Math.min(5, members.length),
      suites: [2],
      modes: ['complete'],
    });
    this.roster = parseRoster(this.rosterBody);
    return this.roster;
  }

  async issueGrant(planFile: Buffer, approvals: DsseEnvelope[]): Promise<void> {
    const members = this.roster.members.map((m) => m.tenantRef);
    this.planFile = planFile;
    this.stages = JSON.parse(planFile.toString()).stages;
    this.submitted = this.#append(planLeafOf(planFile));
    const now = Date.now();
    const fields = {
      grantId: 'grant-1',
      runId: RUN,
      rosterHash: digestText(this.roster.rosterHash),
      planDigest: digestOf(planFile),
      codeDigest: CODE_DIGEST,
      baseModelDigest: digestOf(baseModel),
      cohort: { min: Math.min(5, members.length), members },
      dataVersions: [],
      epsilonRoundMicro: 0,
      epsilonTotalMicro: 0,
      deltaInv: 1,
      notBefore: now - 60_000,
      expiresAt: now + 86_400_000,
      approvals,
      policyBundle: digestOf(Buffer.from('bundle')),
      decisionId: 'decision-1',
    };
    const envelope = buildGrant(fields, this.keys.grant);
    const { bytes, index } = this.#append(grantLeafOf(fields, grantDigest(envelope)));
    this.grant = { envelope, leaf: bytes, index };
    await this.quorum(index);
  }

  /** Opens a round on the model and manifest of the last one; resolves with the attempt once its leaf has its quorum. */
  async openRound(round: number): Promise<MiniAttempt> {
    const grantPayload = dssePayload(this.grant.envelope);
    const { model, manifest } = this.#chain;
    const args = argsFor(Date.now(), toBase64url(sha256(model)), { round, prevManifest: manifest });
    const body = roundPlan({ planFile: this.planFile, grantPayload, roster: this.roster }, args);
    const attempt = new MiniAttempt({
      body,
      roster: this.roster,
      key: this.keys.coordinator,
      stage: stageOf(this.stages, round),
      model,
    });
    const planHash = toBase64url(attempt.plan.planHash);
    const { bytes, index } = this.#append(roundLeafOf(body, grantDigest(this.grant.envelope), this.roster));
    this.#rounds.set(planHash, { leaf: bytes, index });
    this.attempts.set(planHash, attempt);
    await this.quorum(index);
    this.#assign(attempt, 'advertise', attempt.plan.cohort);
    return attempt;
  }

  /** The next round continues from this model, whatever the last sum leads to. */
  replaceModel(model: Uint8Array): void {
    this.#chain = { ...this.#chain, model };
  }

  /** Resolves when the leaf stands under a checkpoint with quorum. */
  async quorum(index: number): Promise<number> {
    for (;;) {
      for (let size = this.log.tree.size; size > index; size--)
        if (countQuorum(this.log.notes.get(size)!, this.roster).ok) return size;
      await once(this.events, 'cosigned');
    }
  }

  async released(attempt: MiniAttempt): Promise<void> {
    while (!attempt.manifest) await once(this.events, 'released');
  }

  /** A tenant that will not answer; closes the phase when it was the last one missing. */
  async drop(attempt: MiniAttempt, idx: number): Promise<void> {
    attempt.away.add(idx);
    for (const kind of ['m0', 'm1', 'm2', 'm3', 'm4'] as const)
      if (attempt.got[kind].size > 0) await this.#after(attempt, await attempt.closeIfDone(kind));
  }

  #append(leaf: Record<string, unknown>) {
    const appended = this.log.append(leaf);
    this.events.emit('checkpoint');
    return appended;
  }

  #assign(attempt: MiniAttempt, kind: TaskKind, members: readonly number[]): void {
    const planHash = toBase64url(attempt.plan.planHash);
    for (const open of this.tasks) if (open.planHash === planHash && open.kind !== 'result') open.closed = true;
    const { round, attempt: number } = attempt.plan;
    for (const idx of members)
      this.tasks.push({
        id: String(this.tasks.length + 1),
        kind,
        runId: RUN,
        round,
        attempt: number,
        planHash,
        idx,
        closed: false,
      });
    this.events.emit('task');
  }

  async #after(attempt: MiniAttempt, next: TaskKind | undefined): Promise<void> {
    if (!next) return;
    const before = { share: 'm0', masked: 'm1', consistency: 'm2', unmask: 'm2', result: 'm0' } as const;
    if (next === 'result') {
      this.artifacts.set(digestOf(attempt.nextModel!), attempt.nextModel!);
      this.#chain = { model: attempt.nextModel!, manifest: toBase64url(sha256(attempt.manifest!.body)) };
      this.#assign(attempt, 'result', attempt.plan.cohort);
      this.events.emit('released');
    } else this.#assign(attempt, next, [...attempt.got[before[next as 'share']].keys()]);
  }

  #idxOf(tenantRef: string): number {
    return [...this.world.enrolled.values()].find((t) => t.ref === tenantRef)!.idx;
  }

  #attempt({ params }: Asked): MiniAttempt {
    const found = this.attempts.get(params.planHash!);
    if (!found) throw new Refusal('NOT_FOUND');
    return found;
  }

  async #wait(event: string, signal: AbortSignal): Promise<void> {
    await once(this.events, event, { signal: AbortSignal.any([signal, AbortSignal.timeout(20_000)]) }).catch(() => {});
  }

  #handlers(): Handlers {
    return {
      tasks: async ({ query, tenantRef, signal }) => {
        const known = new Set((query.get('known') ?? '').split(','));
        const idx = this.#idxOf(tenantRef);
        const fresh = () => this.tasks.filter((t) => t.idx === idx && !t.closed && !known.has(t.id));
        while (fresh().length === 0 && !signal.aborted) await this.#wait('task', signal);
        return { tasks: fresh().map(({ idx: _, closed: __, ...task }) => task) };
      },
      connectorRoster: () => (!this.away && this.rosterBody) || this.#none(),
      connectorRosterApprovals: () => (this.rosterBody ? Buffer.alloc(0) : this.#none()),
      declareApprovers: ({ body, tenantRef }) =>
        void this.lists.set(parseApproverList(parseDsse(body)).tenantRef === tenantRef ? tenantRef : '', body),
      declareLocalPolicy: () => undefined,
      witnessPoll: async ({ query, signal }) => {
        const old = Number(query.get('size'));
        while (this.log.tree.size <= old && !signal.aborted) await this.#wait('checkpoint', signal);
        const proof = old > 0 ? this.log.tree.consistency(old) : [];
        return { request: addCheckpointBody({ old, proof, note: this.log.notes.get(this.log.tree.size)! }).toString() };
      },
      witnessAnswer: ({ body }) => {
        const { size, status, body: line } = JSON.parse(body.toString());
        if (status === 200) this.log.addCosignature(Number(size), line);
        this.events.emit('cosigned');
      },
      runPlan: () => (this.away ? this.#none() : this.planFile),
      runGrant: async () => {
        const size = await this.quorum(this.grant.index);
        return {
          grant: dsseBytes(this.grant.envelope).toString('base64'),
          leaf: this.grant.leaf.toString('base64'),
          proof: this.log.proof(this.grant.index, size).toString(),
          approverLists: [...this.lists.values()].map((list) => list.toString('base64')),
          planLeaf: this.submitted.bytes.toString('base64'),
          planProof: this.log.proof(this.submitted.index, size).toString(),
        };
      },
      attemptPlan: async (asked) => {
        const { leaf, index } = this.#rounds.get(asked.params.planHash!)!;
        const size = await this.quorum(index);
        return {
          plan: encodeSigned(this.#attempt(asked).signedPlan).toString('base64'),
          leaf: leaf.toString('base64'),
          proof: this.log.proof(index, size).toString(),
        };
      },
      artifact: ({ params }) => this.artifacts.get(params.digest!) ?? this.#none(),
      refuse: ({ body }) => {
        this.refusals.push(parseDsse(body));
        this.events.emit('refused');
      },
      phaseMaterial: (asked) =>
        this.bend(asked.params.material!, this.#attempt(asked).material(asked.params.material!)),
      envelopes: (asked) => this.#attempt(asked).delivered(this.#idxOf(asked.tenantRef)),
      uploadChunk: async (asked) => {
        await this.onBytes(this.#idxOf(asked.tenantRef), asked.body);
        const { segment, chunk } = asked.params;
        this.#attempt(asked).putChunk(this.#idxOf(asked.tenantRef), Number(segment), Number(chunk), asked.body);
        return { digest: digestOf(asked.body), size: asked.body.length };
      },
      submitMessage: async (asked) => {
        const attempt = this.#attempt(asked);
        const idx = this.#idxOf(asked.tenantRef);
        await this.onBytes(idx, asked.body);
        if (asked.params.kind === 'abort') attempt.aborts.set(idx, asked.body);
        else await this.#after(attempt, await attempt.accept(asked.params.kind as 'm0', idx, asked.body));
        this.events.emit('message', asked.params.kind, idx);
      },
      attemptManifest: (asked) => {
        const { manifest } = this.#attempt(asked);
        return manifest ? encodeSigned(manifest) : this.#none();
      },
      aggregateChunk: (asked) => {
        const { segment, chunk } = asked.params;
        return this.bendSum(this.#attempt(asked).aggregate.get(`${segment}/${chunk}`) ?? this.#none());
      },
    };
  }

  #none(): never {
    if (this.away) throw new Refusal('UNAVAILABLE');
    throw new Refusal(this.rosterBody ? 'NOT_FOUND' : 'ROSTER_NONE');
  }
}
