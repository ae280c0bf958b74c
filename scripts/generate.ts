import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { prisma } from './prisma.ts';

/** Makes the Prisma client, unless the one that is there was made from this very schema by this Prisma. */
const SCHEMA = 'prisma/schema.prisma';
const STAMP = 'services/coordinator/src/generated/.made-from';

const { version } = JSON.parse(readFileSync('node_modules/prisma/package.json', 'utf8')) as { version: string };
const madeFrom = `${version} ${createHash('sha256').update(readFileSync(SCHEMA)).digest('hex')}\n`;

if (!existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== madeFrom) {
  process.exitCode = prisma('generate', '--no-hints');
  if (process.exitCode === 0) {
    mkdirSync(dirname(STAMP), { recursive: true });
    writeFileSync(STAMP, madeFrom);
  }
}
