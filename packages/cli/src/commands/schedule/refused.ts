import { ClientError } from '@sumveil/client';
import { asCliError, CliError } from '../../error.ts';

/** Names of the route's fields as the command line has them. */
const optionOf: Readonly<Record<string, string>> = {
  cron: '--cron',
  zone: '--zone',
  endsAt: '--until',
  windowMinutes: '--window',
  ticket: '--ticket',
};

/** Faults of a new schedule in the words of the command line: who reads them has no API document in hand. */
export function refusedCreate(error: unknown): never {
  if (!(error instanceof ClientError) || error.code !== 'BAD_REQUEST') throw error;
  const { exit, code, message, faults } = asCliError(error);
  const named = faults.map(({ path, message: why }) => {
    const [field = '', ...rest] = path.split(', ');
    return { path: [optionOf[field] ?? field, ...rest].join(', '), message: why };
  });
  throw new CliError(exit, code, message, 'Correct what is listed; docs/schedule.md says what each may be.', named);
}

/** The state in which it is stands in `show`. */
export function refusedChange(scheduleId: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof ClientError) || error.code !== 'CONFLICT') throw error;
    const { exit, code, message } = asCliError(error);
    throw new CliError(exit, code, message, `Look at it: \`sumveil schedule show ${scheduleId}\`.`);
  };
}
