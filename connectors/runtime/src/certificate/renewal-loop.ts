import { randomInt } from 'node:crypto';
import { errorCode } from '@sumveil/telemetry';
import { hasCode } from '../coordinator-link.ts';
import { pause } from '../pause.ts';
import { askByRosterKey, askOverMutualTls, type RenewalSite } from './ask.ts';
import { issuedAt, type TlsPair } from './tls-files.ts';

const DAY_MS = 86_400_000;
/** How long after its end the roster key still brings a new one (governance section 1, rule 9). */
export const RETURN_MS = 30 * DAY_MS;
/** Clocks may differ by this: about the end of a certificate the other side may be right (section 9, fault F14). */
const CLOCKS_MS = 600_000;
/** A timer does not count the time for which the machine slept. */
const LONGEST_SLEEP_MS = 60_000;
/** From this part of a life on it is renewed, spread over the next part so that not all connectors come at once. */
const FROM = 1 / 3;
const SPREAD = 1 / 12;

/**
 * Renews the certificate without a restart, again and again until it succeeds: over mutual TLS while it lives, by the roster
 * key once it has expired. What runs goes on: new connections show the new certificate, the old ones drain.
 */
export async function renewalLoop(site: RenewalSite): Promise<void> {
  const { certificate, timings, now, stopping, logger } = site;
  let due = dueAt(certificate.current());
  for (let failures = 0; !stopping.aborted; ) {
    const isUnproven = certificate.unproven() && !hasEnded(certificate.current(), now());
    const wait = isUnproven ? 0 : due - now();
    if (wait > 0) {
      await pause(Math.min(wait, LONGEST_SLEEP_MS), stopping);
      continue;
    }
    try {
      if (!isUnproven) {
        certificate.settle();
        await renew(site);
      }
      await prove(site);
      due = dueAt(certificate.current());
      failures = 0;
    } catch (error) {
      if (stopping.aborted) return;
      // When the one before is back in front, it is due by its own dates.
      due = Math.min(due, dueAt(certificate.current()));
      logger.event('connector.waiting', { code: errorCode(error) });
      warn(site, error);
      await pause(backOff(certificate.current(), timings.renewAgain, failures++, now()), stopping);
    }
  }
}

/** When this certificate is to be renewed, ms; another moment for each connector and each certificate. */
export function dueAt({ certificate }: TlsPair, random = chance()): number {
  const life = certificate.validToDate.getTime() - issuedAt(certificate);
  return issuedAt(certificate) + life * (FROM + SPREAD * random);
}

/** Doubled at each failure, jittered, and never so long that a living certificate could end over it. */
export function backOff({ certificate }: TlsPair, first: number, failures: number, now: number): number {
  const left = certificate.validToDate.getTime() - now;
  const longest = left > 0 ? Math.max(first, left / 8) : 3_600_000;
  return Math.min(first * 2 ** Math.min(failures, 20), longest, 3_600_000) * (0.5 + chance() / 2);
}

/** 0 to 1. */
function chance(): number {
  return randomInt(1_000_001) / 1_000_000;
}

async function renew(site: RenewalSite): Promise<void> {
  const { certificate, now, logger } = site;
  const ended = now() - certificate.current().certificate.validToDate.getTime();
  const chain = ended < 0 ? await askOverMutualTls(site) : await bothWays(site, ended);
  certificate.takeUp(chain);
  logger.event('connector.renewed', { serial: certificate.current().certificate.serialNumber });
}

/** Just after the end this clock may be wrong, so the certificate is tried once more before the roster key speaks. */
async function bothWays(site: RenewalSite, ended: number): Promise<string> {
  if (ended < CLOCKS_MS) {
    try {
      return await askOverMutualTls(site);
    } catch (error) {
      if (site.stopping.aborted) throw error;
    }
  }
  return askByRosterKey(site);
}

/**
 * The first answer over the new certificate shows that the coordinator knows it; then the old one may go. When it knows the
 * old one only, the new one goes: it was certified before a backup was restored.
 */
async function prove({ certificate, rosters, board, now }: RenewalSite): Promise<void> {
  try {
    await rosters.refresh();
  } catch (error) {
    if (!hasCode(error, 'UNAUTHENTICATED') || !certificate.showOlder(now())) throw error;
    await rosters.refresh().then(certificate.discardNewest, certificate.showNewest);
    throw error;
  }
  certificate.settle();
  board.lastContactAt = now();
  board.clear('CERTIFICATE');
}

function hasEnded({ certificate }: TlsPair, now: number): boolean {
  return certificate.validToDate.getTime() <= now;
}

function warn({ certificate, board, now }: RenewalSite, error: unknown): void {
  const ended = now() - certificate.current().certificate.validToDate.getTime();
  if (hasCode(error, 'ENROLMENT_REFUSED') || ended > RETURN_MS) {
    const text =
      'The coordinator does not renew this certificate: it is revoked, the tenant is suspended or not in the roster, or it ended more than 30 days ago.';
    board.warn(
      'CERTIFICATE',
      `${text} A new join string is needed: ask the platform operator, enrol in an empty folder.`,
    );
  } else if (hasCode(error, 'ENROLMENT')) {
    board.warn('CERTIFICATE', (error as Error).message);
  } else if (ended > 0) {
    board.warn('CERTIFICATE', 'The certificate has expired; a new one is asked for until the coordinator answers.');
  }
}
