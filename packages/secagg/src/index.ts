export { acceptAbort } from './coordinator/acceptAbort.ts';
export { acceptM0 } from './coordinator/acceptM0.ts';
export { acceptM1, type M1Upload } from './coordinator/acceptM1.ts';
export { acceptM2, checkChunk } from './coordinator/acceptM2.ts';
export { acceptM3 } from './coordinator/acceptM3.ts';
export { acceptM4 } from './coordinator/acceptM4.ts';
export { deliverEnvelopes } from './coordinator/deliver.ts';
export { type ManifestInput, manifestBody } from './coordinator/manifest.ts';
export { type RecoveredSecrets, type RecoveryInput, recoverSecrets } from './coordinator/recover.ts';
export { type AggregateChunk, type UnmaskChunkInput, unmaskChunk } from './coordinator/unmaskChunk.ts';
export { type UnmaskKey, type UnmaskKeys, type UnmaskKeysInput, unmaskKeys } from './coordinator/unmaskKeys.ts';
export { type Blame, SecaggError, type SecaggErrorCode } from './error.ts';
export type { Encapsulate, Encapsulated } from './keys/mlkem.ts';
export { type Delivered, decodeDelivered, decodeEnvelopes, encodeEnvelopes } from './messages/envelopes.ts';
export { ZERO_HASH } from './messages/fields.ts';
export { type ListItem, listBody, listHash } from './messages/lists.ts';
export {
  type Abort,
  type AbortReason,
  abortReasons,
  type Envelope,
  type List,
  type ListPhase,
  type M0,
  type M1,
  type M2,
  type M3,
  type M4,
  type Manifest,
} from './messages/messages.ts';
export type { Accepted } from './messages/open.ts';
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
export { encodeAux } from './quantisation/aux.ts';
export { type DecodedAggregate, decodeAggregate, meanUpdate } from './quantisation/decode.ts';
export { quantiseNearest } from './quantisation/quantise.ts';
export { weightOf } from './quantisation/weight.ts';
export { aesCtrExpander, type Expander, type Keystream } from './ring/masks.ts';
export { checkRosterForTenant, checkRosterOffer, type OwnIdentity, rosterApproval } from './roster/check.ts';
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
export { type AbortInput, abortMessage } from './tenant/abort.ts';
export { type AdvertiseInput, advertise } from './tenant/advertise.ts';
export { checkManifest, type ManifestCheck } from './tenant/checkManifest.ts';
export { checkShares, type SharesInput } from './tenant/checkShares.ts';
export { type ConsistencyInput, consistency } from './tenant/consistency.ts';
export { type MaskedChunk, type MaskInput, type Masking, mask } from './tenant/mask.ts';
export { type ShareInput, share } from './tenant/share.ts';
export {
  type Advertised,
  type Attending,
  type Consistent,
  eraseSecrets,
  type Masked,
  type Shared,
  type SharesChecked,
  type TenantState,
  type Unmasked,
} from './tenant/state.ts';
export { type UnmaskInput, unmask } from './tenant/unmask.ts';
export { chunkRoot, chunkRoot as aggregateRoot } from './tree/chunkTree.ts';
