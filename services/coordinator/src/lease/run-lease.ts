import type { Deps } from '../deps.ts';
import { recordFenced } from './fenced.ts';
import type { Lease } from './lease.ts';

/** Options of the lease under which a run is moved on. */
export function runLease(deps: Deps, runId: string) {
  return {
    resource: `run:${runId}`,
    timings: deps.timings,
    onFenced: (lease: Lease) => recordFenced(deps, lease),
  };
}
