/** What each policy of policies/forbids says, for people; an unknown one speaks by its name. */
const texts: Readonly<Record<string, string>> = {
  'plan.mismatch': 'the run is of another plan than the one that was approved',
  'approval.roles': 'a role that the plan needs has not approved everywhere',
  'approval.count': 'fewer people have approved than the plan needs',
  'approval.self': 'who asked for the plan has approved it too',
  'approval.expired': 'no approval is in force now',
  'cohort.small': 'fewer tenants are in than the plan needs',
  'dp.budget': 'the privacy budget does not allow another round',
  region: 'a tenant lies in a region that the plan does not name',
  'round.allow': 'every condition of a round holds',
};

export function reasonText(policy: string): string {
  return texts[policy] ?? policy;
}

/** Why a run is paused, and what can be done about it. */
const pauses: Readonly<Record<string, readonly [why: string, next: string]>> = {
  'guard.divergence': ['the train loss went up and stayed up', 'Look at its rounds; then resume or abort it.'],
  'guard.participation': [
    'too few tenants took part, several rounds in a row',
    'Ask those that dropped out; then resume it.',
  ],
  'guard.norm': ['the mean update jumped', 'Look for a tenant whose data changed; then resume or abort it.'],
  'approval-changed': ['a tenant of the grant does not approve any more', 'Abort it and start a new run of the plan.'],
  'policy-denied': ['policy denied the next round', 'Read the decision; resume it when its reason is gone.'],
  'roster-superseded': ['a later roster is in force', 'Abort it and start a new run of the plan.'],
  'round-plan': ['no further round fits the plan and its approvals', 'Abort it; then collect new approvals.'],
};

/** A paused run's reason in a sentence with the next step; of any other state the code as it is. */
export function runReason({ state, reason }: { readonly state: string; readonly reason: string | null }): string {
  if (reason === null) return '';
  if (state !== 'paused') return reason;
  const [why, next] = pauses[reason] ?? [
    'an operator paused it',
    'Ask who did; the log has the ticket. Then resume it.',
  ];
  return `${reason}: ${why}. ${next}`;
}
