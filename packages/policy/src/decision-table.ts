import { auditRequest, gateRequest, joinRequest, promotionRequest } from './build.ts';
import type { Decision } from './decide.ts';
import type { PolicyAction, PolicyRequest } from './request.ts';

/** `policies/tests/*.json`: one good set of facts, and what each change to it does. */
export interface DecisionTable {
  readonly about: string;
  readonly facts: Record<string, unknown>;
  readonly cases: readonly DecisionCase[];
}

export interface DecisionCase {
  readonly name: string;
  readonly action: PolicyAction;
  /** Merged into the facts, member by member. */
  readonly change?: Record<string, unknown>;
  /** Merged into the finished request: what no builder would make. */
  readonly patch?: Record<string, unknown>;
  readonly want: Decision;
}

export function requestOf(table: DecisionTable, { action, change = {}, patch = {} }: DecisionCase): PolicyRequest {
  const facts = merge(table.facts, change) as never;
  return merge(build(action, facts), patch) as PolicyRequest;
}

function build(action: PolicyAction, facts: never): PolicyRequest {
  switch (action) {
    case 'startRun':
    case 'startRound':
    case 'releaseAggregate':
      return gateRequest(action, facts);
    case 'promoteVersion':
    case 'rollbackVersion':
      return promotionRequest(action, facts);
    case 'joinRound':
      return joinRequest(facts);
    case 'readLineage':
    case 'exportReport':
      return auditRequest(action, facts);
  }
}

/** Objects are merged, everything else is replaced, `null` takes a member away. */
function merge(base: unknown, change: unknown): unknown {
  if (!isRecord(base) || !isRecord(change)) return change;
  const out: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete out[key];
    else out[key] = merge(out[key], value);
  }
  return out;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
