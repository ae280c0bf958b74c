import { type Abort, abortSchema } from '../messages/messages.ts';
import type { Accepted } from '../messages/open.ts';
import type { RoundPlan } from '../plan/plan.ts';
import type { Roster } from '../roster/roster.ts';
import { openFrom } from './from.ts';

/** An abort certificate: `from` has not sent and will never send M4 for this plan. @throws SecaggError `FORMAT` or `REFUSED` */
export function acceptAbort(plan: RoundPlan, roster: Roster, from: number, bytes: Uint8Array): Accepted<Abort> {
  return openFrom<Abort>('abort', abortSchema, { plan, roster }, from, bytes);
}
