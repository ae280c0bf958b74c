import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../services/coordinator/src/db/embedded.ts';
import { applyMigrations } from '../../services/coordinator/src/db/migrate.ts';

export interface DatabaseUrls {
  readonly owner: string;
  readonly api: string;
  readonly worker: string;
  readonly signer: string;
  readonly superuser: string;
}

export interface TestPostgres {
  readonly postgres: EmbeddedPostgres;
  /** New migrated database, copied from a template. */
  fresh(): Promise<DatabaseUrls>;
  stop(): Promise<void>;
}

/** A real Postgres for one test file, without fsync: what a test asserts is never its durability after a power cut. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sumveil-test-pg-'));
  const postgres = await startEmbeddedPostgres({ dataDir, durable: false });
  await applyMigrations(postgres.url('owner'));
  return {
    postgres,
    fresh: async () => {
      const name = `t_${randomUUID().replaceAll('-', '')}`;
      await postgres.createDatabase(name, 'sumveil');
      return {
        owner: postgres.url('owner', name),
        api: postgres.url('api', name),
        worker: postgres.url('worker', name),
        signer: postgres.url('signer', name),
        superuser: postgres.superuserUrl(name),
      };
    },
    stop: async () => {
      await postgres.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
