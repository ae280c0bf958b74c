/**
 * Exit codes of `sumveil` (docs/cli.md). `audit verify` adds the failure classes 10 to 22 of governance section 6, and 3
 * for a bundle that holds but is anchored to nothing. `doctor` answers 0 healthy, 1 broken, 2 works but.
 */
export const exitCode = {
  ok: 0,
  /** The coordinator or connector refused; its problem says why. */
  refused: 1,
  /** Policy denied the action; the reasons name the policies. */
  denied: 2,
  /** A run ended aborted. */
  failed: 4,
  usage: 64,
  /** A file that was named cannot be read or written. */
  noInput: 66,
  /** Coordinator, connector or OIDC issuer cannot be reached. */
  unavailable: 69,
  internal: 70,
  /** No valid token, or roles that do not allow it. */
  noPermission: 77,
  config: 78,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];
