import { rosterFingerprint, rosterHash } from '@sumveil/wire';
import { type Files, scanBundleZip } from '../bundle/zip.ts';
import { TransparencyError } from '../error.ts';
import { checkApprovals } from './approval.ts';
import { checkDocuments } from './document.ts';
import { type Evidence, parseTrustAnchor, readEvidence, readSeal, type TrustAnchor } from './evidence.ts';
import { checkIdentity } from './identity.ts';
import { checkLineage } from './lineage.ts';
import { checkCheckpoints, checkConsistency, checkInclusion, checkQuorum } from './log.ts';
import { notShown } from './not-shown.ts';
import { checkPolicy } from './policy.ts';
import { checkPrivacy } from './privacy.ts';
import type { Replay } from './replay.ts';
import { type Check, CLASSES, Failure, type FailureClass, fail, type Verdict } from './result.ts';
import { checkDigests } from './seal.ts';
import { checkSignatures } from './signature.ts';

type Layer = (evidence: Evidence, replay: Replay) => string;

const LAYERS: readonly (readonly [FailureClass, Layer])[] = [
  [12, checkSignatures],
  [13, checkCheckpoints],
  [14, checkQuorum],
  [15, checkInclusion],
  [16, checkConsistency],
  [17, checkLineage],
  [18, checkApprovals],
  [19, checkPolicy],
  [20, checkPrivacy],
  [21, checkDocuments],
  [22, checkIdentity],
];

export interface VerifyOptions {
  /** Trust file or whole roster; without it the best verdict is UNANCHORED. */
  readonly trust?: Uint8Array;
  readonly replay?: Replay;
}

/**
 * Verifies an evidence bundle without network, clock or trust in whoever made it. All layers run, so that the report
 * names everything that is wrong; the exit status is that of the first. The bundle may be hostile in every byte, and
 * nothing in it can add a key: these come from the roster, and the roster from `trust`.
 *
 * @param bundle the whole zip
 * @throws TransparencyError `BUNDLE` when the trust file is unreadable (usage, not evidence)
 */
export function verifyBundle(bundle: Uint8Array, options: VerifyOptions = {}): Verdict {
  const trust = options.trust && readTrust(options.trust);
  const { files, fault } = scanBundleZip(bundle);
  const { evidence, problem } = read(files, trust);
  const format = fault ?? problem;
  const checks: Check[] = [line(10, format === undefined, format ?? `${files.size} files in the canonical zip`)];
  checks.push(run(11, () => checkDigests(evidence ?? readSeal(files))));
  for (const [id, layer] of LAYERS) checks.push(run(id, () => layer(evidence ?? unread(), options.replay ?? {})));
  const failed = checks.find((check) => !check.ok);
  const newest = evidence?.epochs.at(-1);
  return {
    verdict: failed ? 'FAILED' : options.trust ? 'VERIFIED' : 'UNANCHORED',
    exit: failed?.id ?? (options.trust ? 0 : 3),
    checks,
    notShown: notShown(evidence),
    ...(newest ? { fingerprint: rosterFingerprint(rosterHash(newest.body)) } : {}),
  };
}

function readTrust(file: Uint8Array): TrustAnchor {
  try {
    return parseTrustAnchor(file);
  } catch (error) {
    throw new TransparencyError('BUNDLE', `the trust file is unreadable: ${(error as Error).message}`);
  }
}

function read(files: Files, trust: TrustAnchor | undefined): { evidence?: Evidence; problem?: string } {
  try {
    return { evidence: readEvidence(files, trust) };
  } catch (error) {
    return { problem: error instanceof Failure ? error.message : 'a file could not be read' };
  }
}

function unread(): never {
  return fail('not checked, because the bundle could not be read');
}

function run(id: FailureClass, layer: () => string): Check {
  try {
    return line(id, true, layer());
  } catch (error) {
    if (error instanceof Failure) return line(id, false, error.message);
    // A reader that throws on hostile bytes is a refusal too; a verifier never ends in a stack trace.
    return line(id, false, `could not be checked: ${error instanceof Error ? error.message : 'unknown error'}`);
  }
}

function line(id: FailureClass, ok: boolean, detail: string): Check {
  return { id, title: CLASSES[id], ok, detail };
}
