import type { CallAnswer } from '@sumveil/client';
import type { routes } from '@sumveil/wire';
import { table } from '../../output.ts';
import { utcMinute, zonedTime } from '../../zoned-time.ts';

type Shown = CallAnswer<(typeof routes)['showSchedule']>;
type Schedule = Shown['schedule'];
type Occurrence = Shown['occurrences'][number];

/** One line of at most 80 columns for each; what is not active says so where its next moment would stand. */
export function listText(schedules: readonly Schedule[]): string {
  const rows = schedules.map((one) => [
    one.scheduleId,
    one.nextAt ? zonedTime(one.nextAt, one.zone) : one.state,
    one.nextAt ? utcMinute(one.nextAt) : '',
    one.heldBy ? 'waits' : (one.last?.outcome ?? ''),
  ]);
  return table(['schedule', 'next, in its zone', 'next, UTC', 'last'], rows);
}

export function scheduleText(one: Schedule): string {
  const lines = [
    `${one.scheduleId}: ${one.state}, plan ${one.planName}`,
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
