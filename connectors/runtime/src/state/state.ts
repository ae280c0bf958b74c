import { join } from 'node:path';
import { type Attempts, attemptStore } from './attempts.ts';
import { openDatabase, type StateDatabase } from './database.ts';
import { type Egress, egressStore } from './egress.ts';
import { type Ledger, ledgerStore } from './ledger.ts';
import { type Results, resultStore } from './results.ts';
import { type TrustStore, trustStore } from './trust.ts';

/** Everything a connector remembers over a restart. Every write is committed before the call returns. */
export interface State {
  readonly attempts: Attempts;
  readonly egress: Egress;
  readonly ledger: Ledger;
  readonly results: Results;
  readonly trust: TrustStore;
  transaction: StateDatabase['transaction'];
  close(): void;
}

/** @throws ConnectorError `STATE_BUSY`, `STATE` */
export function openState(stateDir: string): State {
  const database = openDatabase(join(stateDir, 'state.sqlite'));
  return {
    attempts: attemptStore(database),
    egress: egressStore(database),
    ledger: ledgerStore(database),
    results: resultStore(database),
    trust: trustStore(database),
    transaction: database.transaction,
    close: database.close,
  };
}
