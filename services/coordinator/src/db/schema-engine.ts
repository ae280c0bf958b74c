import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { MigrationList, SchemaEngine, SchemasContainer } from '@prisma/schema-engine-wasm';
// The package's main file imports a .wasm module, which Node does not load; its glue works when handed the instance.
import * as glue from '@prisma/schema-engine-wasm/schema_engine_bg';
import { Pool } from 'pg';
import { pinned } from './pinned.ts';

const prismaFolder = fileURLToPath(new URL('../../../../prisma', import.meta.url));
export const schemaPath = join(prismaFolder, 'schema.prisma');
export const migrationsFolder = join(prismaFolder, 'migrations');
/** Copy of schema.prisma as of the last migration: the next one is the difference to it. */
export const migratedSchemaPath = join(migrationsFolder, 'migrated.prisma');
export const noFilters = { externalTables: [], externalEnums: [] };

interface Glue {
  __wbg_set_wasm(exports: object): void;
}

/** The part of WebAssembly that is used; its types come with the browser's library only. */
interface Wasm {
  compile(bytes: Uint8Array): Promise<object>;
  instantiate(module: object, imports: object): Promise<{ exports: { __wbindgen_start(): void } }>;
}

let loaded: Promise<void> | undefined;

/**
 * Prisma's own migration engine as WebAssembly: `prisma migrate` would download a binary, this works offline. It connects
 * even to compare two files. It cannot read a migrated database (`diff` from migrations): the adapter refuses the catalogue
 * columns of Postgres's one-byte type "char".
 */
export async function withSchemaEngine<T>(
  connectionString: string,
  work: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  loaded ??= load();
  await loaded;
  const schema = schemaFile(schemaPath).files.map(({ path, content }): [string, string] => [path, content]);
  const pool = new Pool({ ...pinned(connectionString), max: 2 });
  try {
    const adapter = bindMigrationAwareSqlAdapterFactory(new WholeScripts(pool));
    const engine = await glue.SchemaEngine.new({ datamodels: schema }, () => {}, adapter);
    try {
      return await work(engine);
    } finally {
      engine.free();
    }
  } finally {
    await pool.end();
  }
}

export function schemaFile(path: string): SchemasContainer {
  return { files: [{ path, content: readFileSync(path, 'utf8') }] };
}

/** Every folder below prisma/migrations, in the order of their names, which is the order of application. */
export function migrationList(): MigrationList {
  const names = readdirSync(migrationsFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  return {
    baseDir: migrationsFolder,
    lockfile: {
      path: 'migration_lock.toml',
      content: readFileSync(join(migrationsFolder, 'migration_lock.toml'), 'utf8'),
    },
    shadowDbInitScript: '',
    migrationDirectories: names.map((name) => ({
      path: name,
      migrationFile: {
        path: 'migration.sql',
        content: { tag: 'ok', value: readFileSync(join(migrationsFolder, name, 'migration.sql'), 'utf8') },
      },
    })),
  };
}

/**
 * The adapter splits a script at every semicolon, which cuts function bodies in two. Postgres takes a script whole, and then runs
 * it as one transaction.
 */
class WholeScripts extends PrismaPg {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    super(pool);
    this.#pool = pool;
  }

  override async connect(): ReturnType<PrismaPg['connect']> {
    const adapter = await super.connect();
    adapter.executeScript = async (script) => {
      await this.#pool.query(script);
    };
    return adapter;
  }
}

async function load(): Promise<void> {
  const folder = dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'));
  const { WebAssembly } = globalThis as unknown as { WebAssembly: Wasm };
  const module = await WebAssembly.compile(readFileSync(join(folder, 'schema_engine_bg.wasm')));
  const instance = await WebAssembly.instantiate(module, { './schema_engine_bg.js': glue });
  (glue as unknown as Glue).__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
}
