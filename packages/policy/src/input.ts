import { canonicalBytes, digestOf, parseCanonical, WireError } from '@sumveil/wire';
import { PolicyError } from './error.ts';
import type { PolicyRequest } from './request.ts';

const MEMBERS = ['action', 'context', 'entities', 'principal', 'resource'];

/** RFC 8785 bytes of a request with its entities and their digest, `inputDigest` of the decision record. */
export function decisionInput(request: PolicyRequest): { readonly bytes: Buffer; readonly digest: string } {
  const { principal, action, resource, context, entities } = request;
  const bytes = canonicalBytes({ principal, action, resource, context, entities });
  return { bytes, digest: digestOf(bytes) };
}

/**
 * The request of a kept decision, to decide it again. What is inside is for the engine to validate against the schema.
 *
 * @throws PolicyError `INPUT`
 */
export function parseDecisionInput(bytes: Uint8Array): PolicyRequest {
  const value = canonical(bytes);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject || Object.keys(value).toSorted().join() !== MEMBERS.join()) {
    throw new PolicyError('INPUT', `decision input does not have exactly the members ${MEMBERS.join(', ')}`);
  }
  return value as unknown as PolicyRequest;
}

function canonical(bytes: Uint8Array) {
  try {
    return parseCanonical(bytes);
  } catch (error) {
    if (error instanceof WireError) throw new PolicyError('INPUT', `decision input: ${error.message}`);
    throw error;
  }
}
