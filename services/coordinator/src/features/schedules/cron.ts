import { CronExpressionParser } from 'cron-parser';

/** A pattern of five fields in a time zone, as far as its moments go. */
export interface Cadence {
  readonly cron: string;
  readonly zone: string;
  readonly endsAt: Date | null;
}

export interface Fault {
  readonly path: string;
  readonly message: string;
}

const fieldNames = ['minute', 'hour', 'day of month', 'month', 'day of week'] as const;

/**
 * First moment after `after`, or null when the end lies before it. A time that daylight saving skips comes as many minutes
 * after the gap as it lies after its beginning (02:30 becomes 03:30); one that happens twice comes the first time.
 */
export function firstAfter(cadence: Cadence, after: Date): Date | null {
  return momentsAfter(cadence, after).next().value ?? null;
}

/**
 * Moments after `after` in order, the same ones wherever it lies. Only forwards: backwards the parser leaves out moments in a
 * daylight-saving gap (tried).
 */
export function* momentsAfter({ cron, zone, endsAt }: Cadence, after: Date): Generator<Date, undefined> {
  const pattern = CronExpressionParser.parse(cron, { tz: zone, currentDate: startFor(zone, after) });
  for (;;) {
    const moment = pattern.next().toDate();
    if (endsAt && moment > endsAt) return;
    if (moment > after) yield moment;
  }
}

/** Longer than any hour that was ever repeated or skipped, with the time before it that it repeats. */
const FOLD_MS = 6 * 3_600_000;

/**
 * Asked from inside a repeated hour the parser gives its moments a second time, and just after a skipped one it forgets those
 * of the gap (tried): near a change of the clocks it starts before it.
 */
function startFor(zone: string, after: Date): Date {
  const before = new Date(after.getTime() - FOLD_MS);
  return offset(zone, before) === offset(zone, after) ? after : before;
}

function offset(zone: string, at: Date): string | undefined {
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' });
  return format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value;
}

/** Every fault of a pattern and zone with the field it lies in; none when there is a moment to come. */
export function cadenceFaults({ cron, zone, endsAt }: Cadence, now: Date): Fault[] {
  const faults = fieldFaults(cron);
  if (!isZone(zone))
    faults.push({ path: 'zone', message: `no time zone is called ${zone}; write one as Europe/Berlin` });
  if (faults.length > 0) return faults;
  try {
    if (firstAfter({ cron, zone, endsAt }, now)) return [];
    return [{ path: 'endsAt', message: 'the end lies before the first moment' }];
  } catch {
    return [{ path: 'cron', message: 'the moment never comes: no month has such a day' }];
  }
}

function fieldFaults(cron: string): Fault[] {
  const given = cron.split(' ');
  if (given.length !== fieldNames.length) {
    const message = `has ${given.length} fields, not five: ${fieldNames.join(', ')}`;
    return [{ path: 'cron', message }];
  }
  return fieldNames.flatMap((name, i) => {
    const why = fieldFault(given[i]!, i);
    return why ? [{ path: `cron, ${name}`, message: why }] : [];
  });
}

/** A field on its own, everything else open: the parser does not say which one it means. */
function fieldFault(field: string, place: number): string | undefined {
  // `H` would draw a moment at random, `?` means nothing here.
  const known = /^[0-9A-Za-z*,/#-]+$/.test(field) && !/\bH\b/i.test(field);
  if (!known) return `${field} has characters other than digits, names, * , - / and #`;
  try {
    CronExpressionParser.parse(['*', '*', '*', '*', '*'].with(place, field).join(' '), { tz: 'UTC' });
    return undefined;
  } catch (error) {
    const { message } = error as Error;
    const why = message
      .replace(/^(\w+ Validation error|Constraint error|Invalid expression), ?/, '')
      .replace(/\.$/, '');
    return `${field} cannot be used: ${why}`;
  }
}

function isZone(zone: string): boolean {
  try {
    // An offset such as +02:00 would be taken too, but has no daylight saving and no name.
    return /^[A-Za-z]/.test(zone) && new Intl.DateTimeFormat('en', { timeZone: zone }).format() !== '';
  } catch {
    return false;
  }
}
