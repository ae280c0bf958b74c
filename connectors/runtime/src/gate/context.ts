import type { Roster } from '@sumveil/secagg';
import type { DsseEnvelope } from '@sumveil/wire';
import type { ContractFault } from '../data/data-source.ts';
import type { LocalPolicy } from '../policy/local-policy.ts';
import type { AttemptRow, JobRow } from '../state/attempts.ts';
import type { Material } from './material.ts';

/** What the tenant knows by itself at the moment of judging. Nothing here comes from the coordinator unchecked. */
export interface GateContext {
  /** the one roster the plan may name: the newest pinned epoch when an attempt is joined, then the attempt's */
  readonly roster: Roster | undefined;
  readonly tenantRef: string;
  /** ms since 1970 */
  readonly now: number;
  readonly policy: LocalPolicy;
  /** own list as this connector signed it last */
  readonly ownApprovers: DsseEnvelope | undefined;
  /** digests of plans that an own approver has refused or withdrawn here; final, whoever is on the list by now */
  readonly withdrawn: ReadonlySet<string>;
  /** newest version of another tenant's list of approvers, signed with this roster key, that has counted here; 0 for none */
  readonly listSeen: (tenantRef: string, rosterKey: string) => number;
  /** own witness: size cosigned last, and whether the log has forked */
  readonly witness: { readonly size: number; readonly fork: boolean };
  /** micro-units of epsilon spent so far on this data */
  readonly spentMicro: number;
  readonly job: JobRow;
  /** every attempt of this run that this connector has joined, the present one left out */
  readonly attempts: readonly AttemptRow[];
  /** of the training code that runs here */
  readonly codeDigest: string;
  readonly data: (material: Material) => Promise<ContractFault | undefined>;
}
