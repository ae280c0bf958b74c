import type { Logger } from '@sumveil/telemetry';

/** What came of a moment, or of several missed ones. */
export interface Told {
  readonly outcome: 'started' | 'denied' | 'missed';
  readonly reason: string | null;
  readonly count: number;
}

/** After COMMIT: a transaction that is tried again tells nothing twice. */
export function logTold(logger: Logger, schedule: string, told: readonly Told[]): void {
  for (const { outcome, reason, count } of told) {
    if (outcome === 'missed') logger.event('schedule.missed', { schedule, missed: count, reason: reason ?? undefined });
    else logger.event('schedule.occurred', { schedule, outcome, reason: reason ?? undefined });
  }
}
