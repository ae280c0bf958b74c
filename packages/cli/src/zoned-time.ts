/** A time as people of a zone write it, with the offset that holds then: `2026-11-30 02:00 +01:00`. */
export function zonedTime(time: string, zone: string): string {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
  }).formatToParts(new Date(time));
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.find((part) => part.type === type)?.value ?? '';
  const offset = of('timeZoneName').slice('GMT'.length) || '+00:00';
  return `${of('year')}-${of('month')}-${of('day')} ${of('hour')}:${of('minute')} ${offset}`;
}

/** The same in UTC, to the minute: `2026-11-30 01:00`. */
export function utcMinute(time: string): string {
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ');
}
