import { z } from 'zod';
import { digest, ref, ticketId, timestamp } from '../../scalars.ts';
import { defineRoute } from '../route.ts';

const guarded = ['UNAUTHENTICATED', 'FORBIDDEN', 'UNAVAILABLE'] as const;
const readers = ['platform-operator', 'tenant-admin', 'data-steward', 'privacy-officer', 'auditor'] as const;
const scheduleId = z.strictObject({ scheduleId: z.string().max(64) });

export const occurrenceView = z.strictObject({
  /** First and last moment; the same but for several missed ones together. */
  moment: timestamp,
  through: timestamp,
  /** How many moments; 1000 means at least that many. */
  count: z.number().int(),
  outcome: z.enum(['started', 'denied', 'missed']),
  /** missed: late, busy, no-roster, paused, removed; denied: policy, creator-without-role. */
  reason: z.string().nullable(),
  runId: z.string().nullable(),
  decisionId: z.string().nullable(),
  at: timestamp,
});

export const scheduleView = z.strictObject({
  scheduleId: z.string(),
  planDigest: digest,
  planName: z.string(),
  cron: z.string(),
  zone: z.string(),
  windowMinutes: z.number().int(),
  endsAt: timestamp.nullable(),
  state: z.enum(['active', 'paused', 'removed', 'ended']),
  /** Next moment, or the one that is due; null unless active. */
  nextAt: timestamp.nullable(),
  /** Why the moment that is due has not started yet. */
  heldBy: z.enum(['busy', 'no-roster']).nullable(),
  ticket: ticketId,
  createdBy: ref,
  createdAt: timestamp,
  last: occurrenceView.nullable(),
});

/** Approvals are judged when a moment comes, every time; the creator's role must hold then too. */
export const createSchedule = defineRoute({
  name: 'createSchedule',
  summary: 'Ask for a run of a plan at every moment of a cron pattern; each is gated like any run',
  method: 'POST',
  path: '/v1/plans/:planDigest/schedules',
  listener: 'management',
  roles: ['platform-operator'],
  params: z.strictObject({ planDigest: digest }),
  body: z.strictObject({
    /** Five fields: minute, hour, day of month, month, day of week. */
    cron: z.string().min(1).max(100),
    /** IANA time zone in which the pattern is meant. */
    zone: z.string().min(1).max(64),
    /** How late after its moment an occurrence may still start. */
    windowMinutes: z.number().int().min(1).max(1_440),
    endsAt: timestamp.optional(),
    ticket: ticketId,
  }),
  response: scheduleView,
  status: 201,
  errors: [...guarded, 'BAD_REQUEST', 'NOT_FOUND', 'CONFLICT'],
});

export const listSchedules = defineRoute({
  name: 'listSchedules',
  summary: 'Schedules of plans that concern the caller, next moment first; removed ones are left out',
  method: 'GET',
  path: '/v1/schedules',
  listener: 'management',
  roles: readers,
  response: z.strictObject({ schedules: z.array(scheduleView) }),
  status: 200,
  errors: guarded,
});

export const showSchedule = defineRoute({
  name: 'showSchedule',
  summary: 'A schedule and what came of its moments, newest first',
  method: 'GET',
  path: '/v1/schedules/:scheduleId',
  listener: 'management',
  roles: readers,
  params: scheduleId,
  response: z.strictObject({ schedule: scheduleView, occurrences: z.array(occurrenceView) }),
  status: 200,
  errors: [...guarded, 'NOT_FOUND'],
});

export const changeSchedule = defineRoute({
  name: 'changeSchedule',
  summary: 'Pause, resume or remove a schedule; runs that it started go on',
  method: 'POST',
  path: '/v1/schedules/:scheduleId/changes',
  listener: 'management',
  roles: ['platform-operator'],
  params: scheduleId,
  body: z.strictObject({ change: z.enum(['paused', 'resumed', 'removed']) }),
  response: scheduleView,
  status: 200,
  errors: [...guarded, 'NOT_FOUND', 'CONFLICT'],
});
