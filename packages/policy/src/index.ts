export { auditRequest, gateRequest, joinRequest, promotionRequest } from './build.ts';
export { loadBundleFromFiles, type PolicyBundle } from './bundle.ts';
export type { Cause, Decision } from './decide.ts';
export { type DecisionCase, type DecisionTable, requestOf } from './decision-table.ts';
export { PolicyError, type PolicyErrorCode } from './error.ts';
export type {
  ApprovalFact,
  AuditFacts,
  GateFacts,
  JoinFacts,
  ModelFacts,
  PromotionFacts,
  RunFacts,
} from './facts.ts';
export { loadBundleFromFolder, readBundle, writeLock } from './folder.ts';
export { decisionInput, parseDecisionInput } from './input.ts';
export { type BundleFiles, bundleDigest, bundleLock } from './lock.ts';
export type { CedarValue, Entity, EntityId, EntityRef, PolicyAction, PolicyRequest } from './request.ts';
