import { prisma } from './prisma.ts';

// The schema is valid and laid out as Prisma lays it out; `npx prisma format` would need the network, this does not.
process.exitCode = prisma('validate') || prisma('format', '--check');
