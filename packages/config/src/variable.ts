import type { z } from 'zod';
import { noteOf } from './fields.ts';

/** A field of the schema and the environment variable that sets it. */
export interface Variable {
  readonly key: string;
  readonly name: string;
  readonly secret: boolean;
  readonly schema: z.core.$ZodType;
}

/** `databaseUrl` with prefix `SUMVEIL_` is `SUMVEIL_DATABASE_URL`; a secret's variable ends in `_FILE`. */
export function variablesOf(schema: z.ZodObject, prefix: string): Variable[] {
  return Object.entries(schema.shape).map(([key, member]) => {
    const secret = noteOf(member)?.secret === true;
    return { key, name: `${prefix}${upperSnake(key)}${secret ? '_FILE' : ''}`, secret, schema: member };
  });
}

function upperSnake(key: string): string {
  return key
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toUpperCase();
}
