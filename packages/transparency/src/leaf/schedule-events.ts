import { z } from 'zod';
import { event } from './envelope.ts';
import { code, digest, id, name, ref, ticket, timestamp } from './fields.ts';

/** Five fields of a cron pattern, one space between. */
const cron = z.string().regex(/^(?=.{9,100}$)[0-9A-Za-z*,/#-]+( [0-9A-Za-z*,/#-]+){4}$/);
const scheduleId = id;

/** Recurring training windows (learning.md section 14): who asked for them, and what came of each moment. */
export const scheduleEvents = {
  'schedule.created': event(
    {
      scheduleId,
      planDigest: digest,
      cron,
      zone: name,
      windowMinutes: z.int().min(1).max(1_440),
      endsAt: timestamp.optional(),
      ticket,
    },
    'scheduleId',
  ),
  'schedule.changed': event({ scheduleId, change: z.enum(['paused', 'resumed', 'removed']) }, 'id'),
  /** With `run` it is the first leaf of that run: the answer to who asked for it. */
  'schedule.occurred': event(
    {
      scheduleId,
      planDigest: digest,
      moment: timestamp,
      /** Who made the schedule, for whom the run was asked for. */
      requesterRef: ref,
      outcome: z.enum(['started', 'denied']),
      code: code.optional(),
    },
    'scheduleId',
    'moment',
  ),
  /** One leaf for all moments of an outage. */
  'schedule.missed': event(
    {
      scheduleId,
      planDigest: digest,
      /** First and last moment that brought no run. */
      moment: timestamp,
      through: timestamp,
      /** How many; 1000 means at least that many. */
      count: z.int().min(1).max(1_000),
      code,
    },
    'scheduleId',
    'moment',
  ),
};
