// npm run migration -- <name>: writes the SQL that leads from the schema of the last migration to prisma/schema.prisma.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../services/coordinator/src/db/embedded.ts';
import {
  migratedSchemaPath,
  migrationsFolder,
  noFilters,
  schemaFile,
  schemaPath,
  withSchemaEngine,
} from '../services/coordinator/src/db/schema-engine.ts';

const [name] = process.argv.slice(2);
if (name === undefined || !/^[a-z][a-z0-9_]*$/.test(name)) {
  console.error('usage: npm run migration -- <name of a-z 0-9 _>');
  process.exit(64);
}
const stdout = await difference();
if (stdout === null || /^\s*(-- This is an empty migration\.)?\s*$/.test(stdout)) {
  console.log('prisma/migrations already lead to prisma/schema.prisma: nothing written.');
} else {
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const folder = join(migrationsFolder, `${stamp}_${name}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'migration.sql'), stdout);
  copyFileSync(schemaPath, migratedSchemaPath);
  console.log(`written: ${folder}/migration.sql\nRead it, add grants for new tables, then run the tests.`);
}

async function difference(): Promise<string | null> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sumveil-migration-'));
  const postgres = await startEmbeddedPostgres({ dataDir, durable: false });
  try {
    const from = existsSync(migratedSchemaPath)
      ? ({ tag: 'schemaDatamodel', ...schemaFile(migratedSchemaPath) } as const)
      : ({ tag: 'empty' } as const);
    const to = { tag: 'schemaDatamodel', ...schemaFile(schemaPath) } as const;
    const { stdout } = await withSchemaEngine(postgres.superuserUrl('sumveil'), (engine) =>
      engine.diff({ from, to, script: true, exitCode: null, filters: noFilters }),
    );
    return stdout;
  } finally {
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}
