import { z } from 'zod';
import { digest, ref, ticketId, timestamp } from '../../scalars.ts';
import { defineRoute } from '../route.ts';

const guarded = ['UNAUTHENTICATED', 'FORBIDDEN', 'UNAVAILABLE'] as const;
const runId = z.strictObject({ runId: z.string().max(64) });
const readers = ['platform-operator', 'tenant-admin', 'data-steward', 'privacy-officer', 'auditor'] as const;

export const decisionView = z.strictObject({
  decisionId: z.string(),
  action: z.string(),
  effect: z.enum(['allow', 'deny']),
  cause: z.string(),
  reasons: z.array(z.string()),
});

export const roundView = z.strictObject({
  round: z.number().int(),
  attempt: z.number().int(),
  stage: z.string(),
  phase: z.string(),
  cohort: z.number().int(),
  /** Answers so far in the open phase. */
  answered: z.number().int(),
  survivors: z.number().int().nullable(),
  dropped: z.array(ref),
  failCode: z.string().nullable(),
  /** Metrics of the model the round started from, over the sum of the survivors; null where undefined. */
  metrics: z.record(z.string(), z.number().nullable()),
  /** Other survivors than in the rounds before: side by side, two sums could be subtracted (governance section 8). */
  metricsWithheld: z.boolean(),
  /** Most witnesses on one checkpoint that covers the opening of this round, and how many are needed. */
  witnesses: z.strictObject({ have: z.number().int(), needs: z.number().int() }),
  openedAt: timestamp,
  endedAt: timestamp.nullable(),
});

export const runView = z.strictObject({
  runId: z.string(),
  planDigest: digest,
  planName: z.string(),
  model: z.string(),
  state: z.enum(['granting', 'running', 'paused', 'completed', 'aborted']),
  reason: z.string().nullable(),
  round: z.number().int(),
  rounds: z.number().int(),
  cohort: z.array(ref),
  modelDigest: digest,
  version: z.number().int().nullable(),
  /** The schedule whose moment asked for it; null when a person did. */
  scheduleId: z.string().nullable(),
  /** After failed attempts: before this no other one opens. Null when the last one did not fail. */
  waitsUntil: timestamp.nullable(),
  createdAt: timestamp,
  endedAt: timestamp.nullable(),
});

/** A denied start answers 200 with the decision: the denial is the answer, not a fault. */
export const startRun = defineRoute({
  name: 'startRun',
  summary: 'Ask the coordinator to start a run of a plan; policy decides',
  method: 'POST',
  path: '/v1/plans/:planDigest/runs',
  listener: 'management',
  roles: ['platform-operator', 'tenant-admin'],
  params: z.strictObject({ planDigest: digest }),
  response: z.strictObject({ runId: z.string().nullable(), decision: decisionView }),
  status: 200,
  errors: [...guarded, 'NOT_FOUND', 'ROSTER_NONE', 'CONFLICT'],
});

export const listRuns = defineRoute({
  name: 'listRuns',
  summary: 'Runs that concern the caller, newest first',
  method: 'GET',
  path: '/v1/runs',
  listener: 'management',
  roles: readers,
  response: z.strictObject({ runs: z.array(runView) }),
  status: 200,
  errors: guarded,
});

/** Held open until something differs from `seen` (the `version` of the last answer), for live progress. */
export const runStatus = defineRoute({
  name: 'runStatus',
  summary: 'State of a run and its rounds; with `seen`, held open until it changes',
  method: 'GET',
  path: '/v1/runs/:runId',
  listener: 'management',
  roles: readers,
  params: runId,
  query: z.strictObject({ seen: z.string().max(64).optional() }),
  response: z.strictObject({
    seen: z.string(),
    run: runView,
    rounds: z.array(roundView),
    decisions: z.array(decisionView),
  }),
  status: 200,
  errors: [...guarded, 'NOT_FOUND'],
  longPoll: true,
});

const reason = z.string().regex(/^[a-z0-9-]{1,40}$/);

/** Who stops or lets go a run says why, and under which ticket of their own system. */
const intervention = z.strictObject({ ticket: ticketId, reason });

export const pauseRun = defineRoute({
  name: 'pauseRun',
  summary: 'Open no further round of a run; the one under way ends as it would',
  method: 'POST',
  path: '/v1/runs/:runId/pause',
  listener: 'management',
  roles: ['platform-operator'],
  params: runId,
  body: intervention,
  response: runView,
  status: 200,
  errors: [...guarded, 'NOT_FOUND', 'CONFLICT', 'BAD_REQUEST'],
});

/** The next round still is decided like every other; a run whose reason to pause lasts pauses again. */
export const resumeRun = defineRoute({
  name: 'resumeRun',
  summary: 'Let a paused run go on; policy decides the next round as always',
  method: 'POST',
  path: '/v1/runs/:runId/resume',
  listener: 'management',
  roles: ['platform-operator'],
  params: runId,
  body: intervention,
  response: runView,
  status: 200,
  errors: [...guarded, 'NOT_FOUND', 'CONFLICT', 'BAD_REQUEST'],
});

export const abortRun = defineRoute({
  name: 'abortRun',
  summary: 'Stop a run; what has been released stays',
  method: 'POST',
  path: '/v1/runs/:runId/abort',
  listener: 'management',
  roles: ['platform-operator'],
  params: runId,
  body: z.strictObject({ reason }),
  response: runView,
  status: 200,
  errors: [...guarded, 'NOT_FOUND', 'CONFLICT'],
});
