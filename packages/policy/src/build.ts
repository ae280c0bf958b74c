import {
  type AuditFacts,
  type GateFacts,
  type JoinFacts,
  type ModelFacts,
  type PromotionFacts,
  type RunFacts,
  sorted,
  whole,
} from './facts.ts';
import { type Entity, entityId, entityRef, type PolicyAction, type PolicyRequest } from './request.ts';

const COORDINATOR = entityId('Service', 'coordinator');

/** @throws PolicyError `FACT` for a number that is not whole */
export function gateRequest(action: 'startRun' | 'startRound' | 'releaseAggregate', facts: GateFacts): PolicyRequest {
  return {
    principal: COORDINATOR,
    action: actionId(action),
    resource: entityId('Run', facts.run.id),
    context: {
      now: whole('now', facts.now),
      planDigest: facts.planDigest,
      cohortSize: whole('cohortSize', facts.cohortSize),
      cohortRegions: sorted(facts.cohortRegions).map((region) => entityRef('Region', region)),
      epsSpentMicro: whole('epsSpentMicro', facts.epsSpentMicro),
      epsNextMicro: whole('epsNextMicro', facts.epsNextMicro),
      approvals: approvals(facts),
      approvedRoles: sorted(facts.approvedRoles),
      distinctApprovers: whole('distinctApprovers', facts.distinctApprovers),
      requesterIsApprover: facts.requesterIsApprover,
      approvalsExpireAt: whole('approvalsExpireAt', facts.approvalsExpireAt),
      policyBundle: facts.policyBundle,
    },
    entities: [run(facts.run, facts.model), model(facts.model)],
  };
}

export function promotionRequest(action: 'promoteVersion' | 'rollbackVersion', facts: PromotionFacts): PolicyRequest {
  return {
    principal: COORDINATOR,
    action: actionId(action),
    resource: entityId('Model', facts.model.id),
    context: {
      now: whole('now', facts.now),
      approvedRoles: sorted(facts.approvedRoles),
      distinctApprovers: whole('distinctApprovers', facts.distinctApprovers),
      requesterIsApprover: facts.requesterIsApprover,
      gatesPassed: facts.gatesPassed,
      wasPromoted: facts.wasPromoted,
    },
    entities: [model(facts.model)],
  };
}

export function joinRequest(facts: JoinFacts): PolicyRequest {
  const { connector, tenant } = facts;
  const connectorEntity: Entity = {
    uid: entityId('Connector', connector.name),
    attrs: {
      tenant: entityRef('Tenant', tenant.ref),
      certExpiresAt: whole('certExpiresAt', connector.certExpiresAt),
      revoked: connector.revoked,
    },
    parents: [entityId('Tenant', tenant.ref)],
  };
  const tenantEntity: Entity = {
    uid: entityId('Tenant', tenant.ref),
    attrs: { region: entityRef('Region', tenant.region), active: tenant.active },
    parents: [],
  };
  return {
    principal: connectorEntity.uid,
    action: actionId('joinRound'),
    resource: entityId('Run', facts.run.id),
    context: { now: whole('now', facts.now), planDigest: facts.planDigest },
    entities: [connectorEntity, tenantEntity, run(facts.run, facts.model), model(facts.model)],
  };
}

export function auditRequest(action: 'readLineage' | 'exportReport', facts: AuditFacts): PolicyRequest {
  const user: Entity = {
    uid: entityId('User', facts.user.ref),
    attrs: {},
    parents: sorted(facts.user.roles).map((role) => entityId('Role', role)),
  };
  const about = facts.run ? [run(facts.run, facts.model), model(facts.model)] : [model(facts.model)];
  return {
    principal: user.uid,
    action: actionId(action),
    resource: about[0]!.uid,
    context: { now: whole('now', facts.now), reason: facts.reason },
    entities: [user, ...about],
  };
}

function actionId(action: PolicyAction) {
  return entityId('Action', action);
}

function run(facts: RunFacts, of: ModelFacts): Entity {
  return {
    uid: entityId('Run', facts.id),
    attrs: {
      model: entityRef('Model', of.id),
      planDigest: facts.planDigest,
      minCohort: whole('minCohort', facts.minCohort),
      epsBudgetMicro: whole('epsBudgetMicro', facts.epsBudgetMicro),
      needRoles: sorted(facts.needRoles),
      needApprovers: whole('needApprovers', facts.needApprovers),
    },
    parents: [entityId('Model', of.id)],
  };
}

function model(facts: ModelFacts): Entity {
  return {
    uid: entityId('Model', facts.id),
    attrs: {
      riskTier: facts.riskTier,
      allowedRegions: sorted(facts.allowedRegions).map((region) => entityRef('Region', region)),
    },
    parents: [],
  };
}

function approvals(facts: GateFacts) {
  return facts.approvals
    .map(({ ticket, role, approver, tenant, planDigest, expiresAt }) => {
      return { ticket, role, approver, tenant, planDigest, expiresAt: whole('expiresAt', expiresAt) };
    })
    .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
