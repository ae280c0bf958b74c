import type { StateDatabase } from './database.ts';

/** One charge of the tenant's own privacy ledger, in micro-units of epsilon (governance section 7). */
export interface Charge {
  readonly chargeId: string;
  /** dataset and mechanism the budget belongs to */
  readonly ledgerRef: string;
  readonly runId: string;
  readonly round: number;
  readonly attempt: number;
  readonly mechanism: string;
  readonly epsilonMicro: number;
  readonly deltaInv: string;
  readonly capMicro: number;
}

export interface Ledger {
  /** Spent so far, micro-units. */
  totalMicro(ledgerRef: string): number;
  /** Inside the caller's transaction. False when the cap has no room; a known chargeId changes nothing and is true. */
  charge(charge: Charge, at: number): boolean;
}

export function ledgerStore({ sql }: StateDatabase): Ledger {
  const total = sql.prepare('SELECT COALESCE(MAX(total_micro), 0) AS total FROM charge WHERE ledger_ref = ?');
  const known = sql.prepare('SELECT 1 AS known FROM charge WHERE charge_id = ?');
  const insert = sql.prepare('INSERT INTO charge VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const totalMicro = (ledgerRef: string) => Number(total.get(ledgerRef)!.total);
  return {
    totalMicro,
    charge(c, at) {
      if (known.get(c.chargeId)) return true;
      const after = totalMicro(c.ledgerRef) + c.epsilonMicro;
      if (after > c.capMicro) return false;
      insert.run(
        c.chargeId,
        c.ledgerRef,
        c.runId,
        c.round,
        c.attempt,
        c.mechanism,
        c.epsilonMicro,
        c.deltaInv,
        after,
        c.capMicro,
        at,
      );
      return true;
    },
  };
}
