import { type Evidence, leavesOf } from './evidence.ts';

/**
 * A verdict must not be read as more than it is: leaves of a run are counted, so none can be missing, and everything else
 * in a bundle is there because whoever made it put it there.
 */
export function notShown(evidence: Evidence | undefined): string[] {
  const limits = [
    'Leaves that belong to no run are not counted: an approval’s refusal or withdrawal, a revocation, a suspension or a newer approver list may have been left out. The tenants’ connectors and readers of the whole log know.',
  ];
  if (!evidence) return limits;
  const { size } = evidence.statement.predicate.asOf;
  limits.push(`Nothing after leaf ${size - 1} of the log, and no event that nobody submitted.`);
  const known = new Set(leavesOf(evidence, 'tenant.created').map(({ leaf }) => leaf.tenantRef));
  const granted = new Set(leavesOf(evidence, 'grant.issued').flatMap(({ leaf }) => leaf.cohort));
  const unknown = [...granted].filter((ref) => !known.has(ref)).length;
  if (unknown > 0)
    limits.push(`The regions of ${unknown} tenants are the coordinator’s word: no leaf in the bundle names them.`);
  return limits;
}
