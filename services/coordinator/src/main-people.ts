import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ConfigError, readPrivateFile } from '@sumveil/config';
import { ref, role } from '@sumveil/wire';
import { z } from 'zod';
import { openDatabase } from './db/client.ts';
import { errorLayerCode } from './db/faults.ts';
import { isCoordinatorError } from './error.ts';

/**
 * Binds people of the OIDC issuer to roles, as the owner of the schema: the platform team's own change control decides
 * who holds which role, the coordinator has no route for it. Given again, the file replaces each person's roles.
 * Exit codes: 64 wrong command line, 66 the file cannot be used, 69 the database refuses or is away, 78 no address of it.
 */
const people = z.array(
  z.strictObject({
    /** Ref that leaves and approvals carry instead of a name. */
    ref,
    iss: z.url(),
    sub: z.string().min(1).max(200),
    name: z.string().max(100).optional(),
    roles: z.array(z.strictObject({ role, scope: z.union([ref, z.literal('platform')]) })),
  }),
);

const { file, urlFile } = readArguments();
const list = readPeople(file);
const db = openDatabase(readUrl(urlFile), { poolSize: 1, applicationName: 'people' });
try {
  await db.transaction(async (tx) => {
    for (const { ref: userRef, iss, sub, name, roles } of list) {
      await tx.appUser.upsert({
        where: { ref: userRef },
        create: { ref: userRef, iss, sub, name: name ?? null },
        update: { iss, sub, name: name ?? null },
      });
      await tx.roleBinding.deleteMany({ where: { userRef } });
      await tx.roleBinding.createMany({ data: roles.map((one) => ({ userRef, ...one })) });
    }
  });
  console.log(JSON.stringify({ event: 'people', count: list.length }));
} catch (error) {
  const code = errorLayerCode(error);
  const away = isCoordinatorError(error, 'DATABASE');
  if (!away && !code) throw error;
  const why = away ? 'does not answer' : `refuses it (${code})`;
  console.error(`The database ${why}, nothing was changed. Is it up, and is the address the owner’s?`);
  process.exitCode = 69;
} finally {
  await db.close();
}

function readUrl(path: string): string {
  try {
    return readPrivateFile(path).toString('utf8').trim();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return stop(78, error.message);
  }
}

function readArguments(): { file: string; urlFile: string } {
  try {
    const { values } = parseArgs({ options: { file: { type: 'string' }, 'database-url-file': { type: 'string' } } });
    const urlFile = values['database-url-file'] ?? process.env.SUMVEIL_DATABASE_URL_FILE;
    if (values.file && urlFile) return { file: values.file, urlFile };
  } catch {
    // told below
  }
  return stop(64, 'usage: node services/coordinator/src/main-people.ts --file people.json --database-url-file FILE');
}

function readPeople(path: string): z.output<typeof people> {
  try {
    return people.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    return stop(66, `${path} cannot be used, nothing was changed: ${why}`);
  }
}

function stop(code: number, message: string): never {
  console.error(message);
  process.exit(code);
}
