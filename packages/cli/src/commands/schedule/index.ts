import type { Command } from 'commander';
import { CliError } from '../../error.ts';
import { exitCode } from '../../exit-code.ts';
import { requireForm } from '../../form.ts';
import type { Run } from '../../program.ts';
import { refusedChange, refusedCreate } from './refused.ts';
import { listText, scheduleText, showText } from './text.ts';

interface CreateOptions {
  readonly cron: string;
  readonly zone: string;
  readonly window: string;
  readonly ticket: string;
  readonly until?: string;
}

export function registerSchedule(program: Command, run: Run): void {
  const command = program.command('schedule').description('recurring training windows of a plan');

  command
    .command('create <plan>')
    .description('ask for a run at every moment of a pattern; each is gated like any run (platform operator)')
    .requiredOption('--cron <pattern>', 'minute, hour, day of month, month, day of week: "0 2 * * 1-5"')
    .requiredOption('--zone <zone>', 'time zone in which the pattern is meant: Europe/Berlin')
    .requiredOption('--ticket <id>', 'ticket of the platform’s change system')
    .option('--window <minutes>', 'how late after its moment a run may still start, 1 to 1440', '60')
    .option('--until <time>', 'last moment: a day (its end in UTC) or a time such as 2027-06-30T12:00:00Z')
    .action((planDigest: string, options: CreateOptions) =>
      run(async (cli) => {
        const { cron, zone, ticket } = options;
        requireForm('digest', planDigest);
        requireForm('ticket', ticket);
        const windowMinutes = minutesOf(options.window);
        const endsAt = options.until === undefined ? {} : { endsAt: endOf(options.until) };
        const made = await cli
          .management()
          .call('createSchedule', { params: { planDigest }, body: { cron, zone, ticket, windowMinutes, ...endsAt } })
          .catch(refusedCreate);
        cli.out.print(made, () => scheduleText(made));
      }),
    );

  command
    .command('list')
    .description('schedules of plans that concern you, next moment first')
    .action(() =>
      run(async (cli) => {
        const { schedules } = await cli.management().call('listSchedules', {});
        cli.out.print(schedules, () => listText(schedules));
      }),
    );

  command
    .command('show <schedule>')
    .description('a schedule and what came of its moments, newest first')
    .action((scheduleId: string) =>
      run(async (cli) => {
        requireForm('schedule', scheduleId);
        const shown = await cli.management().call('showSchedule', { params: { scheduleId } });
        cli.out.print(shown, () => showText(shown));
      }),
    );

  for (const { name, change, description } of changes)
    command
      .command(`${name} <schedule>`)
      .description(`${description} (platform operator)`)
      .action((scheduleId: string) =>
        run(async (cli) => {
          requireForm('schedule', scheduleId);
          const view = await cli
            .management()
            .call('changeSchedule', { params: { scheduleId }, body: { change } })
            .catch(refusedChange(scheduleId));
          cli.out.print(view, () => scheduleText(view));
        }),
      );
}

const changes = [
  { name: 'pause', change: 'paused', description: 'let moments pass until it is resumed' },
  { name: 'resume', change: 'resumed', description: 'go on with the next moment' },
  { name: 'remove', change: 'removed', description: 'end it for good; runs that it started go on' },
] as const;

function minutesOf(window: string): number {
  const minutes = /^[0-9]{1,4}$/.test(window) ? Number(window) : 0;
  if (minutes >= 1 && minutes <= 1_440) return minutes;
  throw new CliError(
    exitCode.usage,
    'WINDOW',
    `--window ${window} is no number of minutes from 1 to 1440.`,
    'Give for example 60: a run may start up to an hour after its moment.',
  );
}

function endOf(until: string): string {
  const time = new Date(/^\d{4}-\d{2}-\d{2}$/.test(until) ? `${until}T23:59:59.999Z` : until);
  // A time without an offset would be read in the zone of this machine.
  const whole = /^\d{4}-\d{2}-\d{2}(T[0-9:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(until);
  if (whole && !Number.isNaN(time.getTime())) return time.toISOString();
  throw new CliError(
    exitCode.usage,
    'UNTIL',
    `--until ${until} is no day and no time with an offset.`,
    'Give for example 2027-06-30 or 2027-06-30T12:00:00Z.',
  );
}
