import { canonicalBytes, digestOf, parseCanonical, sha256, splitLines } from '@sumveil/wire';
import { z } from 'zod';
import { INPUTS_FILE, LOCK_FILE, POLICY_FOLDER } from '../bundle/layout.ts';
import { actsOf, checkActs } from './acts.ts';
import { actionIn } from './decision-input.ts';
import { type Entry, type Evidence, fileOf, leavesOf } from './evidence.ts';
import { grantFacts } from './grant-links.ts';
import type { Replay } from './replay.ts';
import { attempt, fail, must } from './result.ts';

/** Class 19: the policies are those of the lock, every decision comes out the same, every act had one of its own. */
export function checkPolicy(evidence: Evidence, replay: Replay): string {
  const files = lockedFiles(evidence);
  const bundle = digestOf(fileOf(evidence.files, LOCK_FILE));
  const decisions = leavesOf(evidence, 'policy.decided');
  const inputs = readInputs(evidence);
  for (const decision of decisions) checkDecision(decision, { bundle, files, inputs }, replay);
  for (const { leaf } of leavesOf(evidence, 'grant.issued')) {
    const { policyBundle } = grantFacts(evidence, leaf.grantDigest, replay);
    must(policyBundle === bundle, `grant ${leaf.grantId} was made under another policy bundle`);
  }
  const acts = actsOf(evidence, replay);
  checkActs(evidence, replay, { acts, decisions, inputs });
  return `${decisions.length} decisions come out the same; ${acts.length} acts were allowed, each by its own`;
}

/** Lines `<sha256>  <path>`, sorted by path; exactly the files below policy/files/. */
function lockedFiles(evidence: Evidence): Map<string, Uint8Array> {
  const lines = attempt(LOCK_FILE, () => splitLines(fileOf(evidence.files, LOCK_FILE)));
  const files = new Map<string, Uint8Array>();
  for (const line of lines) {
    const [, digest, path] =
      /^([0-9a-f]{64}) {2}([!-~]+)$/.exec(Buffer.from(line).toString('latin1')) ?? fail(`${LOCK_FILE} is malformed`);
    const bytes = fileOf(evidence.files, `${POLICY_FOLDER}${path}`);
    must(sha256(bytes).toString('hex') === digest, `${path} is not the file that ${LOCK_FILE} names`);
    files.set(path!, bytes);
  }
  const here = [...evidence.files.keys()].filter((name) => name.startsWith(POLICY_FOLDER));
  must(
    here.length === files.size && files.size === lines.length,
    `policy/files/ holds other files than ${LOCK_FILE} names`,
  );
  return files;
}

const inputLine = z.strictObject({ decisionId: z.string(), input: z.record(z.string(), z.unknown()) });

function readInputs(evidence: Evidence): Map<string, Buffer> {
  const bytes = evidence.files.get(INPUTS_FILE) ?? new Uint8Array();
  return attempt(INPUTS_FILE, () => {
    const rows = splitLines(bytes).map((line) => inputLine.parse(parseCanonical(line)));
    return new Map(rows.map(({ decisionId, input }) => [decisionId, canonicalBytes(input)]));
  });
}

interface Policy {
  readonly bundle: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly inputs: ReadonlyMap<string, Buffer>;
}

function checkDecision({ leaf }: Entry<'policy.decided'>, policy: Policy, replay: Replay): void {
  const decide = replay.decidePolicy ?? fail('not checked: this verifier has no policy engine');
  const at = `decision ${leaf.decisionId}`;
  must(leaf.bundle === policy.bundle, `${at} was made under another policy bundle than policy/bundle.lock`);
  const input = policy.inputs.get(leaf.decisionId) ?? fail(`${at}: its input is not in ${INPUTS_FILE}`);
  must(digestOf(input) === leaf.inputDigest, `${at}: its input is another than the logged one`);
  must(actionIn(input, at) === leaf.action, `${at}: its input asks for another action than was logged`);
  const again = attempt(at, () => decide(policy.files, input));
  must(
    again.effect === leaf.effect && again.cause === leaf.cause && again.reasons.join() === leaf.reasons.join(),
    `${at}: decided again it is ${again.effect} (${again.cause}), the log says ${leaf.effect} (${leaf.cause})`,
  );
}
