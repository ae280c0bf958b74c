import { bad, type Check, good } from '@sumveil/client';
import type { Site } from '../site.ts';

export function policyCheck({ policy }: Pick<Site, 'policy'>): Check {
  try {
    const { policy: limits, digest } = policy();
    return good(
      'local-policy',
      `minCohort ${limits.minCohort}, minHonest ${limits.minHonest}, ${digest.slice(0, 19)}…`,
    );
  } catch {
    const next = 'Correct the file; the connector stops on it. Its log names the key.';
    return bad('local-policy', 'the local policy has faults', next);
  }
}

export function approversCheck({ state }: Pick<Site, 'state'>): Check {
  const list = state.trust.approverList();
  if (list) return good('approvers', `list version ${list.version} is signed`);
  const next = 'Set a list with a data steward and a privacy officer: sumveil connector approvers set.';
  return bad('approvers', 'nobody may approve for this tenant', next);
}
