/** Database roles of governance.md section 5, "Rights": what a process may do is decided by Postgres, not by its code. */
export const databaseRoles = ['owner', 'api', 'worker', 'signer'] as const;

export type DatabaseRole = (typeof databaseRoles)[number];

export function roleName(role: DatabaseRole): string {
  return `sumveil_${role}`;
}
