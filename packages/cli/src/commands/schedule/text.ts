import type { CallAnswer } from '@sumveil/client';
import type { routes } from '@sumveil/wire';
import { table } from '../../output.ts';
import { utcMinute, zonedTime } from '../../zoned-time.ts';

type Shown = CallAnswer<(typeof routes)['showSchedule']>;
type Schedule = Shown['schedule'];
type Occurrence = Shown['occurrences'][number];

/** Columns that are left for a plan's name. */
const PLAN = 18;

/** One line of at most 80 columns for each; what is not active says so where its next moment would stand, with its offset. */
export function listText(schedules: readonly Schedule[]): string {
  if (schedules.length === 0) return 'No schedules. Removed ones are not listed.';
  const rows = schedules.map((one) => [
    one.scheduleId,
    one.planName.length > PLAN ? `${one.planName.slice(0, PLAN - 1)}…` : one.planName,
    one.nextAt ? zonedTime(one.nextAt, one.zone) : one.state,
    one.heldBy ? 'waits' : (one.last?.outcome ?? ''),
  ]);
  return table(['schedule', 'plan', 'next, in its zone', 'last'], rows);
}

export function scheduleText(one: Schedule): string {
  const lines = [
    `${one.scheduleId}: ${one.state}${one.state === 'removed' ? ' for good' : ''}, plan ${one.planName}`,
    `  pattern  ${one.cron}`,
    `  zone     ${one.zone}`,
    `  window   a run may start up to ${one.windowMinutes} min after its moment`,
    `  ticket   ${one.ticket}, by ${one.createdBy}`,
  ];
  if (one.endsAt) lines.push(`  until    ${utcMinute(one.endsAt)} UTC`);
  if (one.nextAt) lines.push(`  next     ${zonedTime(one.nextAt, one.zone)}, ${utcMinute(one.nextAt)} UTC`);
  if (one.heldBy) lines.push(`  waits    ${reasons[one.heldBy]}`);
  return lines.join('\n');
}

export function showText({ schedule, occurrences }: Shown): string {
  if (occurrences.length === 0) return `${scheduleText(schedule)}\n\nNo moment has come yet.`;
  const rows = occurrences.map((one) => [zonedTime(one.moment, schedule.zone), one.outcome, came(one)]);
  return `${scheduleText(schedule)}\n\n${table(['moment', 'outcome', 'run, or why not'], rows)}`;
}

const reasons: Readonly<Record<string, string>> = {
  late: 'the window had passed',
  busy: 'a run of the plan is open',
  'no-roster': 'no roster is in force',
  paused: 'the schedule was paused',
  removed: 'the schedule was removed',
  policy: 'policy: see run status',
  'creator-without-role': 'its creator has lost the role',
};

function came({ runId, reason, count }: Occurrence): string {
  const many = count > 1 ? `, ${count}${count === 1_000 ? ' or more' : ''} moments` : '';
  return runId ?? `${reasons[reason ?? ''] ?? reason}${many}`;
}
