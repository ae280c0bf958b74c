import { accessSync, constants, statfsSync } from 'node:fs';
import { ClientError } from '@sumveil/client';
import type { Site } from '../site.ts';

export interface Check {
  readonly id: string;
  readonly ok: boolean;
  readonly detail: string;
  /** what to do, when not ok */
  readonly next?: string;
}

export interface Diagnosis {
  readonly ok: boolean;
  readonly checks: readonly Check[];
}

const DAY_MS = 86_400_000;
const LEAST_FREE = 256 * 2 ** 20;

/** Everything that keeps a connector from taking part, in the order in which a person would look. */
export async function runDoctor(site: Site): Promise<Diagnosis> {
  const checks = [
    await network(site),
    certificate(site),
    roster(site),
    log(site),
    disk(site),
    policy(site),
    approvers(site),
    data(site),
  ];
  return { ok: checks.every((check) => check.ok), checks };
}

async function network({ rosters, board, now }: Site): Promise<Check> {
  try {
    await rosters.refresh();
    board.lastContactAt = now();
    return good('network', 'the coordinator answers over mutual TLS');
  } catch (error) {
    const detail =
      error instanceof ClientError ? `${error.code}: ${error.detail}` : 'the coordinator cannot be reached';
    return bad('network', detail, 'Allow outbound TLS to the connector listener, without inspection on the way.');
  }
}

function certificate({ member, now }: Site): Check {
  const { validFromDate, validToDate } = member.certificate;
  // The coordinator backdates five minutes: a certificate from the future means that this clock is behind.
  if (now() < validFromDate.getTime())
    return bad('clock', 'this clock is behind the certificate’s start', 'Set the clock by NTP.');
  const left = validToDate.getTime() - now();
  if (left <= 0)
    return bad('certificate', 'the certificate has expired', 'Ask for a new join string and enrol in an empty folder.');
  return left < DAY_MS
    ? bad('certificate', `ends at ${validToDate.toISOString()}`, 'Renew it today.')
    : good('certificate', `valid until ${validToDate.toISOString()}`);
}

function roster({ rosters }: Site): Check {
  const pinned = rosters.pinned();
  if (!pinned) return bad('roster', 'no roster is pinned', 'Compare the offered hash with the others, then pin it.');
  return good('roster', `epoch ${pinned.epoch} with ${pinned.members.length} members is pinned`);
}

function log({ state }: Site): Check {
  const witness = state.trust.witness();
  if (witness?.fork)
    return bad(
      'log',
      'the audit log has shown two histories',
      'Stop, keep the state folder, call the platform operator.',
    );
  return witness ? good('log', `cosigned up to size ${witness.size}`) : good('log', 'nothing cosigned yet');
}

function disk({ stateDir }: Site): Check {
  try {
    accessSync(stateDir, constants.W_OK);
    const { bavail, bsize } = statfsSync(stateDir);
    return bavail * bsize < LEAST_FREE
      ? bad(
          'disk',
          'less than 256 MiB free for the state folder',
          'Make room; nothing is sent that cannot be recorded first.',
        )
      : good('disk', 'the state folder has room');
  } catch {
    return bad('disk', 'the state folder cannot be written', 'Check the volume and its rights.');
  }
}

function policy({ policy: current }: Site): Check {
  try {
    const { policy: limits, digest } = current();
    return good('local-policy', `minCohort ${limits.minCohort}, minHonest ${limits.minHonest}, ${digest}`);
  } catch {
    return bad('local-policy', 'the local policy has faults', 'Correct the file; the connector stops on it.');
  }
}

function approvers({ state }: Site): Check {
  const list = state.trust.approverList();
  return list
    ? good('approvers', `list version ${list.version}`)
    : bad('approvers', 'nobody may approve for this tenant', 'Set a list with a data steward and a privacy officer.');
}

function data({ data: source }: Site): Check {
  return source.readable()
    ? good('data', 'the data file is there; each plan’s contract is checked before its first round')
    : bad('data', 'the data file cannot be read', 'Check DATA and the rights on the file.');
}

function good(id: string, detail: string): Check {
  return { id, ok: true, detail };
}

function bad(id: string, detail: string, next: string): Check {
  return { id, ok: false, detail, next };
}
