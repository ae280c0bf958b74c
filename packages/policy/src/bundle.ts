import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { type Decision, decideWith } from './decide.ts';
import { PolicyError } from './error.ts';
import { policiesOf } from './layout.ts';
import { assertLocked, type BundleFiles, bundleDigest, LOCK, lockedPaths, SCHEMA } from './lock.ts';
import type { PolicyRequest } from './request.ts';

/** A set of policies that was checked as a whole and is named by its digest. */
export interface PolicyBundle {
  /** `sha256:…` of the lock: what approvals, rounds and reports name. */
  readonly digest: string;
  readonly lock: string;
  /** Lock, schema and policies, byte for byte: what a report ships. */
  readonly files: BundleFiles;
  /** For example `cedar 4.13.0, language 4.5`. */
  readonly engine: string;
  decide(request: PolicyRequest): Decision;
}

/**
 * Loads a bundle from texts, for example out of a report. Lock, layout and strict validation without warnings are checked
 * first; nothing is decided by a bundle that fails one of them.
 *
 * @throws PolicyError `LOCK`, `LAYOUT` or `VALIDATION`
 */
export function loadBundleFromFiles(files: BundleFiles): PolicyBundle {
  const lock = assertLocked(files);
  const digest = bundleDigest(lock);
  const policies = policiesOf(files);
  const schema = files[SCHEMA]!;
  assertValid(schema, policies);
  const parsed = [cedar.preparseSchema(digest, schema), cedar.preparsePolicySet(digest, { staticPolicies: policies })];
  if (parsed.some(({ type }) => type !== 'success')) {
    throw new PolicyError('VALIDATION', `policy bundle ${digest} does not parse`);
  }
  const kept = Object.fromEntries([LOCK, ...lockedPaths(files)].map((path) => [path, files[path]!]));
  return { digest, lock, files: kept, engine, decide: (request) => decideWith(digest, request) };
}

const engine = `cedar ${cedar.getCedarVersion()}, language ${cedar.getCedarLangVersion()}`;

function assertValid(schema: string, policies: Record<string, string>): void {
  const result = cedar.validate({
    validationSettings: { mode: 'strict' },
    schema,
    policies: { staticPolicies: policies },
  });
  if (result.type !== 'success') {
    throw new PolicyError(
      'VALIDATION',
      `policy bundle cannot be validated: ${result.errors[0]?.message ?? 'no reason'}`,
    );
  }
  const faults = [...result.validationErrors, ...result.validationWarnings];
  if (faults.length > 0 || result.otherWarnings.length > 0) {
    const lines = faults.map(({ policyId, error }) => `${policyId}: ${error.message}`);
    lines.push(...result.otherWarnings.map(({ message }) => message));
    throw new PolicyError('VALIDATION', `policy bundle does not validate:\n${lines.join('\n')}`);
  }
}
