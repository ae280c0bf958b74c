import { fromBase64url, type Roster } from '@sumveil/wire';
import { COSIGNATURE_TYPE, formatVerifierKey, LOG_TYPE, type VerifierKey, verifierKey } from './verifier-key.ts';

/** Name under which a tenant's witness signs (governance section 1, rule 1). */
export function witnessName(origin: string, tenantRef: string): string {
  return `${origin}/witness/${tenantRef}`;
}

/** The log's key is that of the roster and of nothing else. */
export function logVerifier(roster: Roster): VerifierKey {
  return verifierKey(roster.logOrigin, LOG_TYPE, fromBase64url(roster.logKey, 32));
}

export interface WitnessKey {
  readonly tenantRef: string;
  readonly key: VerifierKey;
}

/** Witness keys of an epoch, in the order of its members. */
export function witnessVerifiers(roster: Roster): WitnessKey[] {
  return roster.members.map(({ tenantRef, witnessKey }) => ({
    tenantRef,
    key: verifierKey(witnessName(roster.logOrigin, tenantRef), COSIGNATURE_TYPE, fromBase64url(witnessKey, 32)),
  }));
}

/** The roster's quorum in tlog-policy syntax, for other tools; we never read one. */
export function tlogPolicy(roster: Roster): string {
  const witnesses = witnessVerifiers(roster);
  const names = witnesses.map((_, i) => `t${i + 1}`);
  return [
    `log ${formatVerifierKey(logVerifier(roster))}`,
    ...witnesses.map(({ key }, i) => `witness ${names[i]} ${formatVerifierKey(key)}`),
    `group tenants ${roster.witnessQuorum} ${names.join(' ')}`,
    'quorum tenants',
    '',
  ].join('\n');
}
