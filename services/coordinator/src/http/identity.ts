import type { Role } from '@sumveil/wire';

/** A connector as its certificate names it; nothing a header says counts (governance.md section 1, rule 2). */
export interface ConnectorPeer {
  /** SPIFFE id. */
  readonly name: string;
  readonly tenantRef: string;
  /** Serial of the certificate, upper-case hex. */
  readonly serial: string;
}

/** `stranger`: in no row, nor revoked; `unknown`: nothing could be read that would say. Neither is let in. */
export type PeerState = 'ok' | 'revoked' | 'stranger' | 'unknown';

/** A person as token and role bindings together say. */
export interface Person {
  readonly userRef: string;
  /** The tenant they speak for, or `platform`. */
  readonly tenantRef: string;
  /** Roles of the token that are also bound in the database now. */
  readonly roles: readonly Role[];
}
