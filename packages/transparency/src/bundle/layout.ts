/**
 * Names in a bundle (governance section 6). A digest in a name is its 64 hex digits. All JSON is RFC 8785.
 *
 * - bundle.dsse.json                     root: in-toto statement over all other files, by the report key
 * - rosters/<epoch>.json                 exact roster body; every epoch used, without a gap
 * - rosters/<epoch>.approvals            `roster-approve` messages of the epoch before (none for the first one here)
 * - approvers/<tenantRef>.dsse.json      signed approver list, declared by a leaf; versions as <tenantRef>-<version>.dsse.json
 * - log/checkpoint                       note with a quorum's cosignatures
 * - log/leaves.jsonl                     a line each, ascending: {"idx":n,"leaf":<leaf>}; a leaf is RFC 8785, so exact
 * - log/proofs/<idx>.tlog-proof          for every leaf of leaves.jsonl, under this or an older checkpoint
 * - log/consistency/<size>               a base64 hash a line: from an older checkpoint of a proof to log/checkpoint
 * - grants/<digest>.dsse.json            named after grantDigest (SHA-256 of the payload)
 * - approvals/<digest>.dsse.json         named after envelopeDigest; granted, refused and withdrawn alike
 * - gate-refusals/<digest>.dsse.json     of every gate.refused, by the connector's roster key; named after envelopeDigest
 * - plan/<digest>.yaml                   plan file as submitted
 * - rounds/<run>-<round>-<attempt>/      plan, u1, u2, u3, manifest: signed messages as they travelled; run in lower case
 * - policy/bundle.lock, policy/files/…   the bundle that decided; paths below files/ are those of the lock
 * - policy/inputs.jsonl                  a line for each policy.decided: {"decisionId":…,"input":<request and entities>}
 * - privacy/ledger.json                  {"rows":[…],"v":1}, see verify/privacy.ts
 * - identity/certificates.pem            leaf, issuing and root certificates of every serial named
 * - lineage.json                         answers derived from the leaves, see bundle/lineage.ts
 * - model/model.safetensors, report.html, evaluation/…   optional
 */
export const ROOT_FILE = 'bundle.dsse.json';
export const CHECKPOINT_FILE = 'log/checkpoint';
export const LEAVES_FILE = 'log/leaves.jsonl';
export const LOCK_FILE = 'policy/bundle.lock';
export const POLICY_FOLDER = 'policy/files/';
export const INPUTS_FILE = 'policy/inputs.jsonl';
export const LEDGER_FILE = 'privacy/ledger.json';
export const CERTIFICATES_FILE = 'identity/certificates.pem';
export const LINEAGE_FILE = 'lineage.json';
export const MODEL_FILE = 'model/model.safetensors';

const hex = (digest: string) => digest.slice('sha256:'.length);

export const rosterFile = (epoch: number) => `rosters/${epoch}.json`;
export const rosterApprovalsFile = (epoch: number) => `rosters/${epoch}.approvals`;
export const approverListFile = (tenantRef: string, version?: number) =>
  `approvers/${tenantRef}${version === undefined ? '' : `-${version}`}.dsse.json`;
export const proofFile = (idx: number) => `log/proofs/${idx}.tlog-proof`;
export const consistencyFile = (size: number) => `log/consistency/${size}`;
export const grantFile = (grantDigest: string) => `grants/${hex(grantDigest)}.dsse.json`;
export const approvalFile = (envelopeDigest: string) => `approvals/${hex(envelopeDigest)}.dsse.json`;
export const gateRefusalFile = (envelopeDigest: string) => `gate-refusals/${hex(envelopeDigest)}.dsse.json`;
export const planFile = (planDigest: string) => `plan/${hex(planDigest)}.yaml`;
export const roundFile = (
  at: { run: string; round: number; attempt: number },
  part: 'plan' | 'u1' | 'u2' | 'u3' | 'manifest',
) => `rounds/${at.run.toLowerCase()}-${at.round}-${at.attempt}/${part}`;
