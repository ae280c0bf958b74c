import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { PolicyRequest } from './request.ts';

/**
 * Why: `permit` allowed it; `forbid` named reasons; `no-permit` means that no policy let it in; `request` is a request
 * that does not fit the schema; `policy-error` is a policy that could not be evaluated and `engine` an engine that
 * misbehaved: both are alarms.
 */
export type Cause = 'permit' | 'forbid' | 'no-permit' | 'request' | 'policy-error' | 'engine';

export interface Decision {
  readonly effect: 'allow' | 'deny';
  readonly cause: Cause;
  /** Ids of the policies that made the decision, sorted. */
  readonly reasons: string[];
}

/**
 * Asks the engine and believes only one shape of answer (governance section 4). An evaluation error makes the engine skip
 * the policy, forbids too, and still say allow; without the schema's name a request is not validated at all. So every
 * answer but a clean allow by permits is a denial.
 *
 * @param digest name under which schema and policies were parsed
 */
export function decideWith(digest: string, request: PolicyRequest): Decision {
  const answer = ask(digest, request);
  if (answer === undefined) return deny('engine');
  if (answer.type !== 'success') return deny('request');
  const { decision, diagnostics } = answer.response;
  if (diagnostics.errors.length > 0)
    return deny(
      'policy-error',
      diagnostics.errors.map(({ policyId }) => policyId),
    );
  const reasons = diagnostics.reason;
  if (decision !== 'allow') return deny(reasons.length > 0 ? 'forbid' : 'no-permit', reasons);
  if (reasons.length === 0 || !reasons.every((id) => id.endsWith('.allow'))) return deny('engine', reasons);
  return { effect: 'allow', cause: 'permit', reasons: reasons.toSorted() };
}

function deny(cause: Cause, reasons: string[] = []): Decision {
  return { effect: 'deny', cause, reasons: reasons.toSorted() };
}

function ask(digest: string, request: PolicyRequest): cedar.AuthorizationAnswer | undefined {
  try {
    const { principal, action, resource, context, entities } = request;
    return cedar.statefulIsAuthorized({
      principal,
      action,
      resource,
      context: context as cedar.Context,
      entities: entities as unknown as cedar.Entities,
      preparsedSchemaName: digest,
      preparsedPolicySetId: digest,
      validateRequest: true,
    });
  } catch {
    return undefined;
  }
}
