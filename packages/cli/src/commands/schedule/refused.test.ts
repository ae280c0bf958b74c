import { ClientError } from '@sumveil/client';
import { expect, it } from 'vitest';
import { refusedChange, refusedCreate } from './refused.ts';

it('speaks of the options of the command line', () => {
  const faults = [
    { path: 'endsAt', message: 'early' },
    { path: 'cron, hour', message: '99' },
  ];
  const error = new ClientError('BAD_REQUEST', 'No.', { next: 'Compare it with the API document at /docs.', faults });
  expect(() => refusedCreate(error)).toThrow(
    expect.objectContaining({
      faults: [
        { path: '--until', message: 'early' },
        { path: '--cron, hour', message: '99' },
      ],
      next: expect.stringContaining('docs/schedule.md'),
    }),
  );
});

it('names the command that shows the state', () => {
  const refuse = refusedChange('schedule-abcdefghij234567');
  expect(() => refuse(new ClientError('CONFLICT', 'The schedule is paused.'))).toThrow(
    expect.objectContaining({ next: expect.stringContaining('sumveil schedule show schedule-abcdefghij234567') }),
  );
  const other = new ClientError('FORBIDDEN', 'No.');
  expect(() => refuse(other)).toThrow(other);
});
