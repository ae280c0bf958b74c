import { writeWhole } from '../files.ts';
import type { Site } from '../site.ts';
import type { RunResults } from '../state/results.ts';

export interface ResultsDocument {
  readonly tenantRef: string;
  readonly runs: readonly RunResults[];
}

/** The tenant's own results, for the tenant's own eyes: file, socket and loopback page show this same document. */
export function resultsDocument({ member, state }: Pick<Site, 'member' | 'state'>): ResultsDocument {
  return { tenantRef: member.tenantRef, runs: state.results.all() };
}

export function writeResults(site: Pick<Site, 'member' | 'state' | 'resultsFile'>): void {
  if (site.resultsFile) writeWhole(site.resultsFile, `${JSON.stringify(resultsDocument(site), null, 2)}\n`);
}
