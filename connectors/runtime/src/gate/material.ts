import { type Grant, parseApproverList, parseGrant } from '@sumveil/approvals';
import { parseTask, type Stage, type TrainTask } from '@sumveil/learning';
import { parsePlan, type RoundPlan, readPlanFile } from '@sumveil/secagg';
import { type LeafOf, parseLeaf } from '@sumveil/transparency';
import {
  type DsseEnvelope,
  decodeSigned,
  digestOf,
  dssePayload,
  type PlanManifest,
  parseDsse,
  planManifest,
  type Signed,
} from '@sumveil/wire';
import { GateRefusal, under } from './verdict.ts';

/** Bytes as the coordinator handed them over; nothing in them is believed yet. */
export interface RawMaterial {
  readonly runId: string;
  readonly planFile: Uint8Array;
  readonly grant: Uint8Array;
  readonly grantLeaf: Uint8Array;
  readonly grantProof: Uint8Array;
  readonly approverLists: readonly Uint8Array[];
  readonly planLeaf: Uint8Array;
  readonly planProof: Uint8Array;
  readonly plan: Uint8Array;
  readonly roundLeaf: Uint8Array;
  readonly roundProof: Uint8Array;
}

/** The same, read by its schemas: it has the right form and says what it says. Signatures come later. */
export interface Material {
  readonly raw: RawMaterial;
  readonly planDigest: string;
  readonly manifest: PlanManifest;
  readonly planLeaf: LeafOf<'plan.submitted'>;
  readonly task: TrainTask;
  readonly stage: Stage;
  readonly stages: readonly Stage[];
  readonly grantEnvelope: DsseEnvelope;
  readonly grantPayload: Uint8Array;
  readonly grant: Grant;
  readonly grantDigest: string;
  readonly grantLeaf: LeafOf<'grant.issued'>;
  /** by tenantRef; the last one wins, which a signature check follows */
  readonly lists: ReadonlyMap<string, DsseEnvelope>;
  readonly signedPlan: Signed;
  readonly plan: RoundPlan;
  readonly roundLeaf: LeafOf<'round.opened'>;
}

const known = new WeakMap<RawMaterial, Material>();

/** GATE_FORMAT. The gate judges the same bytes twice; they are read once. @throws GateRefusal */
export function readMaterial(raw: RawMaterial): Material {
  const material = known.get(raw) ?? read(raw);
  known.set(raw, material);
  return material;
}

function read(raw: RawMaterial): Material {
  return under('GATE_FORMAT', () => {
    const manifest = planManifest.parse(readPlanFile(raw.planFile));
    const grantEnvelope = parseDsse(raw.grant);
    const grantPayload = dssePayload(grantEnvelope);
    const signedPlan = decodeSigned(raw.plan);
    const plan = parsePlan(signedPlan.body);
    const lists = raw.approverLists.map(parseDsse);
    return {
      raw,
      planDigest: digestOf(raw.planFile),
      manifest,
      planLeaf: leafOf(raw.planLeaf, 'plan.submitted'),
      task: parseTask(manifest.task),
      stage: stageOf(manifest.stages, plan.round),
      stages: manifest.stages,
      grantEnvelope,
      grantPayload,
      grant: parseGrant(grantEnvelope),
      grantDigest: digestOf(grantPayload),
      grantLeaf: leafOf(raw.grantLeaf, 'grant.issued'),
      lists: new Map(lists.map((list) => [parseApproverList(list).tenantRef, list])),
      signedPlan,
      plan,
      roundLeaf: leafOf(raw.roundLeaf, 'round.opened'),
    };
  });
}

function leafOf<T extends 'plan.submitted' | 'grant.issued' | 'round.opened'>(bytes: Uint8Array, type: T): LeafOf<T> {
  const leaf = parseLeaf(bytes);
  if (leaf.type !== type) throw new GateRefusal('GATE_FORMAT', `expected a leaf ${type}, found ${leaf.type}`);
  return leaf as unknown as LeafOf<T>;
}

/** Stages follow each other from round 1. */
export function stageOf(stages: readonly Stage[], round: number): Stage {
  let last = 0;
  for (const stage of stages) {
    last += stage.rounds;
    if (round <= last) return stage;
  }
  throw new GateRefusal('GATE_FORMAT', `round ${round} is after the last stage`);
}
