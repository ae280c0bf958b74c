import {
  type DsseEnvelope,
  decodeSigned,
  decodeSignedList,
  digestOf,
  dsseBytes,
  dssePayload,
  parseDsse,
  parseRoster,
  parseTrust,
  type Roster,
  type RosterEpoch,
  type Signed,
  type Trust,
} from '@sumveil/wire';
import { CHECKPOINT_FILE, LEAVES_FILE, ROOT_FILE, rosterApprovalsFile, rosterFile } from '../bundle/layout.ts';
import { type LoggedLeaf, parseLeavesFile } from '../bundle/leaves.ts';
import { parseStatement, type Statement } from '../bundle/statement.ts';
import type { Files } from '../bundle/zip.ts';
import type { EventType, LeafOf } from '../leaf/leaf.ts';
import { attempt, fail, must } from './result.ts';

/** A bundle read into what its files say; nothing in here has been believed yet. */
export interface Evidence {
  readonly files: Files;
  readonly root: DsseEnvelope;
  readonly statement: Statement;
  readonly epochs: readonly RosterEpoch[];
  readonly rosters: readonly Roster[];
  readonly checkpointNote: Uint8Array;
  readonly leaves: readonly LoggedLeaf[];
  /** By envelopeDigest. */
  readonly approverLists: ReadonlyMap<string, DsseEnvelope>;
  readonly approvals: ReadonlyMap<string, DsseEnvelope>;
  readonly gateRefusals: ReadonlyMap<string, DsseEnvelope>;
  /** By grantDigest. */
  readonly grants: ReadonlyMap<string, DsseEnvelope>;
  readonly anchor?: TrustAnchor;
}

export interface TrustAnchor {
  readonly trust: Trust;
  /** Body of the trusted roster, when the trust file was a whole roster. */
  readonly body?: Uint8Array;
}

/** The two files that say what the bundle claims to be. */
export type Seal = Pick<Evidence, 'files' | 'root' | 'statement'>;

export type Entry<T extends EventType> = { readonly idx: number; readonly leaf: LeafOf<T> };

/** Leaves of one type, in log order. */
export function leavesOf<T extends EventType>(evidence: Evidence, type: T): Entry<T>[] {
  return evidence.leaves.filter(({ leaf }) => leaf.type === type) as unknown as Entry<T>[];
}

/** @throws what `parseTrust` of wire throws */
export function parseTrustAnchor(file: Uint8Array): TrustAnchor {
  const trust = parseTrust(file);
  const body = file.at(-1) === 0x0a ? file.subarray(0, -1) : file;
  const { type } = JSON.parse(Buffer.from(body).toString()) as { type: string };
  return type === 'roster' ? { trust, body } : { trust };
}

/** @throws Failure when the root file is missing or malformed */
export function readSeal(files: Files): Seal {
  const root = attempt(ROOT_FILE, () => parseDsse(fileOf(files, ROOT_FILE)));
  return { files, root, statement: attempt(ROOT_FILE, () => parseStatement(root)) };
}

/** @throws Failure for any file that is not what its name says */
export function readEvidence(files: Files, anchor?: TrustAnchor): Evidence {
  const epochs = readEpochs(files);
  return {
    ...readSeal(files),
    epochs,
    rosters: epochs.map(({ body }, i) => attempt(`roster ${i + 1} of ${epochs.length}`, () => parseRoster(body))),
    checkpointNote: fileOf(files, CHECKPOINT_FILE),
    leaves: attempt(LEAVES_FILE, () => parseLeavesFile(fileOf(files, LEAVES_FILE))),
    approverLists: envelopesIn(files, 'approvers/', (e) => digestOf(dsseBytes(e))),
    approvals: envelopesIn(files, 'approvals/', (e) => digestOf(dsseBytes(e))),
    gateRefusals: envelopesIn(files, 'gate-refusals/', (e) => digestOf(dsseBytes(e))),
    grants: envelopesIn(files, 'grants/', (e) => digestOf(dssePayload(e))),
    ...(anchor ? { anchor } : {}),
  };
}

export function fileOf(files: Files, name: string): Uint8Array {
  return files.get(name) ?? fail(`${name} is missing`);
}

function readEpochs(files: Files): RosterEpoch[] {
  const numbers = [...files.keys()]
    .flatMap((name) => /^rosters\/([1-9][0-9]{0,8})\.json$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  must(numbers.length > 0, 'no roster in rosters/');
  return numbers.map((epoch) => {
    const approvals = files.get(rosterApprovalsFile(epoch));
    return {
      body: fileOf(files, rosterFile(epoch)),
      approvals: approvals ? attempt(rosterApprovalsFile(epoch), () => decodeSignedList(approvals)) : [],
    };
  });
}

function envelopesIn(files: Files, folder: string, digestFor: (e: DsseEnvelope) => string): Map<string, DsseEnvelope> {
  const found = new Map<string, DsseEnvelope>();
  for (const [name, bytes] of files) {
    if (!name.startsWith(folder)) continue;
    const envelope = attempt(name, () => parseDsse(bytes));
    found.set(
      attempt(name, () => digestFor(envelope)),
      envelope,
    );
  }
  return found;
}

/** A signed message of a round folder, when the bundle has it. */
export function signedFile(evidence: Evidence, name: string): Signed | undefined {
  const bytes = evidence.files.get(name);
  return bytes && attempt(name, () => decodeSigned(bytes));
}

/**
 * Roster in force at a size: the last epoch whose `roster.effective` lies below it. The first epoch of the bundle needs
 * no such leaf here, since everything before it would be in force without any.
 */
export function rosterAt(evidence: Evidence, size: number): Roster {
  const effective = leavesOf(evidence, 'roster.effective').filter(({ idx }) => idx < size);
  const epochs = new Set(effective.map(({ leaf }) => leaf.rosterEpoch));
  return evidence.rosters.findLast((roster) => epochs.has(roster.epoch)) ?? evidence.rosters[0]!;
}

/** The roster with this hash, which a plan or grant names. @param rosterDigest `sha256:<hex>` */
export function rosterWithHash(evidence: Evidence, rosterDigest: string): Roster | undefined {
  const at = evidence.epochs.findIndex(({ body }) => digestOf(body) === rosterDigest);
  return evidence.rosters[at];
}
