export { type Blame, SecaggError, type SecaggErrorCode } from './error.ts';
export { type Delivered, decodeDelivered, decodeEnvelopes, encodeEnvelopes } from './messages/envelopes.ts';
export { ZERO_HASH } from './messages/fields.ts';
export { type ListItem, listBody, listHash } from './messages/lists.ts';
export type {
  Abort,
  AbortReason,
  Envelope,
  List,
  ListPhase,
  M0,
  M1,
  M2,
  M3,
  M4,
  Manifest,
} from './messages/messages.ts';
export {
  abortCertificates,
  belowDefaultFloors,
  checkLocalFloors,
  colluders,
  defaultWitnessQuorum,
  honestMinimum,
  type LocalFloors,
  localFloorsNeeded,
  quorum,
} from './parameters.ts';
export { type AuxItem, isWeighted, type PlanBody, positionOf } from './plan/body.ts';
export { argsOfPlan, type CheckedPlan, checkPlan, type PlanCheck } from './plan/checkPlan.ts';
export { type ChunkShape, chunkLayout, chunkShape, eachChunk, type SegmentShape } from './plan/chunks.ts';
export type { Reveal } from './plan/groups.ts';
export { parsePlan, planHash, type RoundPlan } from './plan/plan.ts';
export { readPlanFile } from './plan/planFile.ts';
export { type RoundArgs, type RoundInputs, roundPlan } from './plan/roundPlan.ts';
export { aesCtrExpander, type Expander, type Keystream } from './ring/masks.ts';
export { checkRosterForTenant, type OwnIdentity, rosterApproval } from './roster/check.ts';
export {
  encodeRoster,
  parseRoster,
  type Roster,
  type RosterBody,
  type RosterMember,
  rosterFingerprint,
  rosterHash,
  rosterMember,
  rosterQuorum,
} from './roster/roster.ts';
export type { Random } from './sharing/scalar.ts';
export { chunkRoot, chunkRoot as aggregateRoot } from './tree/chunkTree.ts';
