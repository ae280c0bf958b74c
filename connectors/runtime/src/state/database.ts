import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { ConnectorError } from '../error.ts';
import { schema } from './schema.ts';

export interface StateDatabase {
  readonly sql: DatabaseSync;
  /** BEGIN IMMEDIATE … COMMIT. What `work` wrote is on disk when this returns, and nowhere when it throws. */
  transaction<T>(work: () => T): T;
  close(): void;
}

/**
 * Opens the state file for this process alone. A second connector on the same volume, or the command line beside a running
 * one, gets `STATE_BUSY`.
 *
 * @throws ConnectorError `STATE_BUSY`, `STATE`
 */
export function openDatabase(path: string): StateDatabase {
  let sql: DatabaseSync;
  try {
    sql = new DatabaseSync(path);
    sql.exec('PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL');
    sql.exec('PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF');
    // The first write takes the exclusive lock and keeps it.
    sql.exec(`BEGIN IMMEDIATE; ${schema} COMMIT`);
    chmodSync(path, 0o600);
  } catch (error) {
    throw openFault(error);
  }
  return {
    sql,
    transaction(work) {
      sql.exec('BEGIN IMMEDIATE');
      try {
        const value = work();
        sql.exec('COMMIT');
        return value;
      } catch (error) {
        sql.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => sql.close(),
  };
}

function openFault(error: unknown): ConnectorError {
  if (error instanceof Error && error.message.includes('locked'))
    return new ConnectorError(
      'STATE_BUSY',
      'The state file is in use: a connector runs on this folder.',
      'Ask the running connector, or stop it first.',
      error,
    );
  return new ConnectorError(
    'STATE',
    'The state file cannot be opened.',
    'Check the volume; do not restore a backup.',
    error,
  );
}
