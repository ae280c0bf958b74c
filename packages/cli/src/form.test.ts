import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { run } from './program.ts';

const ref = 'abcdefghij234567';
const digest = `sha256:${'0'.repeat(64)}`;

async function ended(line: string) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const exit = await run([...line.split(' '), '--json'], { stdout, stderr, env: {} });
  return { exit, error: JSON.parse(String(stdout.read())).error };
}

describe('a word of the wrong form', () => {
  it.each([
    'run start xyz',
    'run status xyz',
    'run watch run-1',
    'run resume run-1 --reason stop --ticket CHG-1',
    'run abort run-1 --reason stop',
    'plan show sha256:0',
    'approvals list abc',
    `approvals sign ${digest} --key k --approver me --tenant ${ref} --role data-steward --ticket jira:1`,
    `approvals sign ${digest} --key k --approver ${ref} --tenant us --role data-steward --ticket jira:1`,
    `approvals sign sha256:0 --key k --approver ${ref} --tenant ${ref} --role data-steward --ticket jira:1`,
    'tenant invite us --ticket CHG-1',
    `tenant invite ${ref} --ticket CHG/1`,
    `tenant confirm 7 --ticket CHG-1`,
    `tenant revoke us --ticket CHG-1`,
    'schedule create xyz --cron x --zone UTC --ticket CHG-1',
    `schedule create ${digest} --cron x --zone UTC --ticket CHG/1`,
    'schedule show xyz',
    'schedule pause xyz',
  ])('is told before anything is sent: %s', async (line) => {
    const { exit, error } = await ended(line);
    expect([exit, error.code]).toEqual([64, 'USAGE']);
    expect(error.message).toMatch(/ is not (a|an|the) /);
    expect(error.next).not.toBe('');
  });

  it.each([
    `schedule create ${digest} --cron x --zone UTC --ticket CHG-1 --window 0`,
    `schedule create ${digest} --cron x --zone UTC --ticket CHG-1 --until tomorrow`,
  ])('an option of a schedule too: %s', async (line) => expect(await ended(line)).toMatchObject({ exit: 64 }));

  it('and one of the right form goes on to the profile, which is missing here', async () => {
    expect(await ended(`run status run-${ref}`)).toMatchObject({ exit: 78, error: { code: 'NO_PROFILE' } });
  });
});
