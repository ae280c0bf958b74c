import type { Roster } from '@sumveil/secagg';
import type { Membership } from '../enrolment/identity-files.ts';
import { ConnectorError } from '../error.ts';

/**
 * Once a roster is pinned only its roots count (governance section 1, rule 3). A root that a later epoch has left out may be
 * in a stranger's hands: the connector does not talk to whoever stands under it.
 *
 * @throws ConnectorError `ENROLMENT`
 */
export function requireOwnRoot(pinned: Roster | undefined, { rootSpki }: Pick<Membership, 'rootSpki'>): void {
  if (!pinned || pinned.rootSpki.includes(rootSpki)) return;
  throw new ConnectorError(
    'ENROLMENT',
    `The pinned roster (epoch ${pinned.epoch}) no longer names the root under which this connector enrolled.`,
    'Enrol again in an empty folder with a new join string.',
  );
}
