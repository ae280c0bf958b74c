import { expect, it } from 'vitest';
import { listText, scheduleText, showText } from './text.ts';

const moment = '2026-11-24T01:00:00.000Z';
const occurrence = {
  moment,
  through: moment,
  count: 1,
  outcome: 'started',
  reason: null,
  runId: 'run-abcdefghij234567',
  decisionId: null,
  at: moment,
} as const;
const schedule = {
  scheduleId: 'schedule-abcdefghij234567',
  planDigest: `sha256:${'ab'.repeat(32)}`,
  planName: 'bird-strikes',
  cron: '0 2 * * 1-5',
  zone: 'America/Argentina/ComodRivadavia',
  windowMinutes: 1_440,
  endsAt: '2027-06-30T23:59:59.999Z',
  state: 'active',
  nextAt: '2026-11-25T05:00:00.000Z',
  heldBy: 'busy',
  ticket: 'CHG-77',
  createdBy: 'abcdefghij234567',
  createdAt: moment,
  last: occurrence,
} as const;
const missed = { ...occurrence, outcome: 'missed', reason: 'late', runId: null, count: 1_000 } as const;

it('fits 80 columns', () => {
  const texts = [
    listText([
      { ...schedule, planName: 'a-plan-with-a-name-of-many-words' },
      { ...schedule, state: 'paused', nextAt: null, heldBy: null, last: missed },
    ]),
    scheduleText(schedule),
    showText({
      schedule,
      occurrences: [occurrence, missed, { ...missed, outcome: 'denied', reason: 'creator-without-role', count: 1 }],
    }),
  ];
  for (const line of texts.join('\n').split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
});

it('shows plan, next moment with its offset, and what came of the last', () => {
  const [, first, second] = listText([
    { ...schedule, heldBy: null },
    { ...schedule, state: 'paused', nextAt: null, heldBy: null, last: missed },
  ]).split('\n');
  expect(first).toMatch(/bird-strikes\s+2026-11-25 02:00 -03:00\s+started/);
  expect(second).toMatch(/paused\s+missed/);
});

it('says that there is none, and that a removal is for good', () => {
  expect(listText([])).toMatch(/^No schedules\./);
  expect(scheduleText({ ...schedule, state: 'removed', nextAt: null })).toContain(': removed for good, plan');
});

it('says of many missed moments that they are many', () => {
  expect(showText({ schedule, occurrences: [missed] })).toContain('the window had passed, 1000 or more moments');
  expect(showText({ schedule, occurrences: [] })).toContain('No moment has come yet.');
});
