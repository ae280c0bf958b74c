import { z } from 'zod';
import { defineRoute } from '../route.ts';

export const taskKind = z.enum(['advertise', 'share', 'masked', 'consistency', 'unmask', 'result']);
export type TaskKind = z.infer<typeof taskKind>;

export const task = z.strictObject({
  id: z.string().regex(/^[0-9]+$/),
  kind: taskKind,
  runId: z.string(),
  round: z.number().int(),
  attempt: z.number().int(),
  /** base64url, 32 bytes. */
  planHash: z.string(),
});
export type Task = z.infer<typeof task>;

export const tasks = defineRoute({
  name: 'tasks',
  summary: 'Open tasks of this tenant that it does not know yet; held open until there is one',
  method: 'GET',
  path: '/v1/tasks',
  listener: 'connector',
  query: z.strictObject({
    /** Comma-separated ids of open tasks that the connector already has. */
    known: z
      .string()
      .regex(/^([0-9]+(,[0-9]+)*)?$/)
      .max(2_000)
      .default(''),
  }),
  response: z.strictObject({ tasks: z.array(task) }),
  status: 200,
  errors: ['UNAUTHENTICATED', 'UNAVAILABLE'],
  longPoll: true,
});
