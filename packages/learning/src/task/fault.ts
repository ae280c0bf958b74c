import type { z } from 'zod';

/** A fault of a plan file with its path from the root, for example `stages.1.aux.3.max`. */
export interface PlanFault {
  readonly path: string;
  readonly message: string;
}

/** One fault per unknown field, under its own path. */
export function schemaFaults(root: string, error: z.ZodError | undefined): PlanFault[] {
  return (error?.issues ?? []).flatMap((issue) => {
    const path = [root, ...issue.path].join('.');
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
    return issue.keys.map((key) => ({ path: `${path}.${key}`, message: 'unknown field' }));
  });
}
