import { z } from 'zod';

/** What a run pauses for by itself (learning.md section 13), in the order in which it is judged. */
export const guardNames = ['divergence', 'participation', 'norm'] as const;
export type GuardName = (typeof guardNames)[number];

const rounds = z.int().min(1).max(1_000);

/** `guards` of a plan file. Each guard is on with these defaults unless `off` names it. */
export const planGuards = z
  .strictObject({
    off: z.array(z.enum(guardNames)).max(guardNames.length).optional(),
    divergence: z
      .strictObject({
        /** Train loss above its lowest so far by more than this part of the first one … */
        rise: z.number().positive().max(1_000).default(0.5),
        /** … in so many scored rounds in a row. */
        rounds: rounds.default(2),
      })
      .optional(),
    participation: z
      .strictObject({
        /** Accepted updates below this part of the cohort … */
        least: z.number().positive().max(1).default(0.75),
        /** … in so many rounds in a row. */
        rounds: rounds.default(3),
      })
      .optional(),
    norm: z
      .strictObject({
        /** Norm of the mean update above so many times the largest of the last five training rounds. */
        factor: z.number().gt(1).max(1_000_000).default(5),
      })
      .optional(),
  })
  .superRefine((guards, context) => {
    for (const [i, name] of (guards.off ?? []).entries()) {
      if (guards[name] !== undefined)
        context.addIssue({ code: 'custom', path: ['off', i], message: `${name} has thresholds and is off as well` });
      if (guards.off!.indexOf(name) !== i)
        context.addIssue({ code: 'custom', path: ['off', i], message: 'named twice' });
    }
  });

export interface Thresholds {
  readonly divergence?: { readonly rise: number; readonly rounds: number };
  readonly participation?: { readonly least: number; readonly rounds: number };
  readonly norm?: { readonly factor: number };
}

/** Thresholds in force for a plan; a guard that is off is absent. @throws ZodError for what no plan may say */
export function thresholdsOf(guards: unknown): Thresholds {
  const { off = [], divergence = {}, participation = {}, norm = {} } = planGuards.parse(guards ?? {});
  const all = planGuards.parse({ divergence, participation, norm });
  return Object.fromEntries(
    guardNames.filter((name) => !off.includes(name)).map((name) => [name, all[name]]),
  ) as Thresholds;
}
