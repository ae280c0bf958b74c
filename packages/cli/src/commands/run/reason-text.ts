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
