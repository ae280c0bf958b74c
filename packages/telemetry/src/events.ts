import type { FieldInput, FieldName } from './fields.ts';

export type Level = 'info' | 'warn' | 'error';

/** Fields that every event may carry. */
export const contextFields = ['correlation', 'run', 'round', 'attempt', 'epoch', 'phase', 'tenantRef'] as const;

function entry<const F extends readonly FieldName[]>(level: Level, ...names: F) {
  return { level, names };
}

/**
 * Every event that a process can write, with the fields it may show. A line is added here and read by a person before
 * anything new is logged (governance section 8).
 */
export const events = {
  'process.started': entry('info', 'version'),
  'process.stopping': entry('info', 'reason', 'inFlight'),
  'process.failed': entry('error', 'code'),
  'config.loaded': entry('info', 'digest'),
  'listener.bound': entry('info', 'listener', 'port'),
  'request.refused': entry('warn', 'code', 'method', 'route', 'status', 'durationMs'),
  'request.failed': entry('error', 'code', 'method', 'route', 'status', 'durationMs'),
  'answer.unread': entry('warn', 'route', 'durationMs'),
  'task.sent': entry('info', 'task', 'taskId'),
  'message.accepted': entry('info', 'kind', 'digest', 'bytes'),
  'message.refused': entry('warn', 'kind', 'code', 'digest', 'bytes'),
  'phase.closed': entry('info', 'answered', 'reason'),
  'round.opened': entry('info', 'members', 'planHash'),
  'round.released': entry('info', 'survivors', 'digest'),
  'round.aborted': entry('warn', 'code'),
  'run.paused': entry('warn', 'reason'),
  'job.done': entry('info', 'queue', 'job', 'durationMs'),
  'job.failed': entry('error', 'queue', 'job', 'code', 'tries'),
  'schedule.occurred': entry('info', 'schedule', 'outcome', 'reason'),
  'schedule.missed': entry('warn', 'schedule', 'missed', 'reason'),
  'outbox.backlog': entry('warn', 'waiting', 'oldestMs'),
  'writer.fenced': entry('warn', 'holderEpoch'),
  'recovery.reconciled': entry('warn', 'kind', 'waiting'),
  'lease.taken': entry('info', 'kind'),
  'lease.lost': entry('warn', 'kind'),
  'signer.signed': entry('info', 'kind', 'digest', 'durationMs'),
  'signer.refused': entry('error', 'kind', 'code'),
  'log.checkpoint': entry('info', 'size', 'root', 'cosignatures'),
  'witness.answer': entry('info', 'code', 'size', 'durationMs'),
  'tls.swapped': entry('info', 'serial'),
  'tls.refused': entry('error', 'code'),
  'revocation.applied': entry('warn', 'kind', 'sockets'),
  'policy.loaded': entry('info', 'digest'),
  'policy.alarm': entry('error', 'code', 'digest'),
  'database.error': entry('error', 'code'),
  'queue.error': entry('error', 'code'),
  'artifact.error': entry('error', 'code'),
  'connector.enrolled': entry('info', 'serial'),
  'connector.renewed': entry('info', 'serial'),
  'connector.waiting': entry('info', 'code'),
  'connector.pinned': entry('info', 'digest'),
  'connector.gate_refused': entry('warn', 'code', 'field', 'grantDigest'),
  'connector.phase': entry('info'),
  'connector.trained': entry('info', 'durationMs', 'code'),
  'connector.uploaded': entry('info', 'digest', 'bytes', 'durationMs'),
  'connector.dropped': entry('warn', 'code'),
  'connector.refused': entry('warn', 'code'),
} as const;

export type EventName = keyof typeof events;
export type ContextField = (typeof contextFields)[number];
export type Context = { readonly [F in ContextField]?: FieldInput<F> | undefined };

/** What may be handed over with each event; every field may be left out. */
export type EventFields = {
  readonly [E in EventName]: Context & {
    readonly [F in (typeof events)[E]['names'][number]]?: FieldInput<F> | undefined;
  };
};
