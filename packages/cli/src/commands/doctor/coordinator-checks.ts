import { bad, type Check, good, linkChecks, probe, warn } from '@sumveil/client';
import type { Cli } from '../../cli.ts';
import { asCliError } from '../../error.ts';
import { version } from '../../version.ts';

/** What can be told of a coordinator from where a person sits: its management listener, as this person. */
export async function coordinatorChecks(cli: Cli): Promise<Check[]> {
  let profile: ReturnType<Cli['profile']>;
  try {
    profile = cli.profile();
  } catch (error) {
    const { message, next } = asCliError(error);
    return [bad('profile', message, next)];
  }
  const found = await probe(profile.url, { ca: [profile.ca], minVersion: 'TLSv1.3' });
  const link = linkChecks(found, { version, now: Date.now() });
  if (found.fault) return link;
  const signedIn = await check('token', () => signIn(cli));
  if (signedIn.status === 'fail') return [...link, signedIn];
  return [...link, signedIn, await rosterCheck(cli), await check('log', () => logSeen(cli))];
}

async function check(id: string, ask: () => Promise<string>): Promise<Check> {
  try {
    return good(id, await ask());
  } catch (error) {
    const { code, message, next } = asCliError(error);
    // No fault of the token or the role: whoever asks, it answers nobody.
    if (code === 'UNAVAILABLE') return bad('answers', `${message} (${code})`, LATER);
    const detail = { TOKEN: 'the issuer gives no token', UNAUTHENTICATED: 'the token is not taken' }[code];
    return bad(
      id,
      `${detail ? `${detail}: ` : ''}${message} (${code})`,
      next || NEXT[code] || 'Ask the platform operator.',
    );
  }
}

const LATER = 'Try again in a minute; if it stays, tell the platform operator.';

const NEXT: Readonly<Record<string, string>> = {
  UNAUTHENTICATED: 'Check clientId and secret of the profile, and that the operator has bound you.',
  FORBIDDEN: 'Your role does not allow it: ask the operator which roles you hold.',
  TOKEN: 'Check issuer, clientId and secretFile of the profile.',
};

async function signIn(cli: Cli): Promise<string> {
  const { runs } = await cli.management().call('listRuns', {});
  return `signed in, with a role here; ${runs.length} ${runs.length === 1 ? 'run' : 'runs'} visible`;
}

async function rosterCheck(cli: Cli): Promise<Check> {
  try {
    const { epoch, effective, members } = await cli.management().call('rosterStatus', {});
    if (effective) return good('roster', `epoch ${epoch} with ${members.length} members is in force`);
    const waiting = members.filter((member) => !member.pinned).map((member) => member.tenantRef);
    const who = waiting.length > 0 ? `; not pinned by ${waiting.join(', ')}` : '; cosignatures are missing';
    return warn('roster', `epoch ${epoch} is not in force${who}`, 'No run starts under it: ask these tenants’ admins.');
  } catch (error) {
    const { code, message, next } = asCliError(error);
    return code === 'ROSTER_NONE' || code === 'NOT_FOUND'
      ? warn('roster', 'no roster is published', 'The operator publishes one when the tenants have enrolled.')
      : code === 'UNAVAILABLE'
        ? bad('answers', `${message} (${code})`, LATER)
        : bad('roster', message, next);
  }
}

async function logSeen(cli: Cli): Promise<string> {
  const note = Buffer.from(await cli.management().call('checkpoint', {})).toString('utf8');
  const lines = note.split('\n');
  const cosigned = lines.filter((line) => line.startsWith('— ')).length - 1;
  return `${lines[0]} has ${lines[1]} leaves, ${cosigned} cosignatures on the newest checkpoint`;
}
