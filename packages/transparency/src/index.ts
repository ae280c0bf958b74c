export * as layout from './bundle/layout.ts';
export { type LoggedLeaf, leavesFile, parseLeavesFile } from './bundle/leaves.ts';
export { type Lineage, lineageOf, type Question } from './bundle/lineage.ts';
export {
  assembleBundle,
  type BundlePredicate,
  IN_TOTO_TYPE,
  parseStatement,
  type Statement,
  sealBundle,
  statementBytes,
} from './bundle/statement.ts';
export { type Files, isBundleName, readBundleZip, scanBundleZip, writeBundleZip } from './bundle/zip.ts';
export { parseDecimal, parseSafeDecimal } from './decimal.ts';
export { TransparencyError, type TransparencyErrorCode } from './error.ts';
export {
  dedupeKey,
  type EventType,
  encodeLeaf,
  isEvent,
  type Leaf,
  type LeafOf,
  MAX_LEAF_BYTES,
  parseLeaf,
} from './leaf/leaf.ts';
export {
  type Checkpoint,
  checkpointText,
  type OpenCheckpoint,
  openCheckpoint,
  parseCheckpoint,
  peekCheckpoint,
  signCheckpoint,
} from './note/checkpoint.ts';
export { cosignedMessage, cosignLine } from './note/cosignature.ts';
export {
  addLines,
  joinNote,
  type NoteSignature,
  type OpenNote,
  openNote,
  signNoteLine,
  splitNote,
} from './note/note.ts';
export { type Cosigner, countQuorum, mergeCosignatures, type Quorum, requireQuorum } from './note/quorum.ts';
export { logVerifier, tlogPolicy, type WitnessKey, witnessName, witnessVerifiers } from './note/roster-keys.ts';
export {
  COSIGNATURE_TYPE,
  formatVerifierKey,
  LOG_TYPE,
  parseVerifierKey,
  type VerifierKey,
  verifierKey,
  verifierKeyOf,
} from './note/verifier-key.ts';
export {
  formatTlogProof,
  type ProvenLeaf,
  parseTlogProof,
  requireInclusion,
  type TlogProof,
  verifyTlogProof,
} from './proof/tlog-proof.ts';
export { EMPTY_ROOT, leafHash, nodeHash } from './tree/hash.ts';
export { MemoryTree } from './tree/memory-tree.ts';
export {
  assembleProof,
  consistencyPlan,
  inclusionPlan,
  type NodeRef,
  nodesOf,
  type ProofPlan,
  proveConsistency,
  proveInclusion,
  rootPlan,
} from './tree/prove.ts';
export { appendHashes, emptyRange, type Node, type Range, rangeRoot } from './tree/range.ts';
export {
  entryBundle,
  nodeInTile,
  parseTilePath,
  TILE_WIDTH,
  type Tile,
  type TileLevel,
  tileOf,
  tilePath,
  tilesOfSize,
} from './tree/tiles.ts';
export {
  type ConsistencyClaim,
  type InclusionClaim,
  type Size,
  verifyConsistency,
  verifyInclusion,
} from './tree/verify.ts';
export { type LedgerRow, ledger, ledgerRow } from './verify/privacy.ts';
export type { CohortFacts, CohortQuestion, GrantFacts, PlanFacts, Replay } from './verify/replay.ts';
export { type Check, CLASSES, type FailureClass, type Verdict } from './verify/result.ts';
export { type VerifyOptions, verifyBundle } from './verify/verify-bundle.ts';
export { type AddCheckpoint, addCheckpointBody, parseAddCheckpoint } from './witness/request.ts';
export { type WitnessAnswer, type WitnessDeps, type WitnessState, witnessAdd } from './witness/witness.ts';
