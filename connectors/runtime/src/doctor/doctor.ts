import { type Check, type Diagnosis, diagnose, expiryCheck, folderCheck, linkChecks, probe } from '@sumveil/client';
import { RETURN_MS } from '../certificate/renewal-loop.ts';
import { VERSION } from '../control/answers.ts';
import { linkTls } from '../coordinator-link.ts';
import type { Site } from '../site.ts';
import { dataChecks } from './data-checks.ts';
import { approversCheck, policyCheck } from './own-rules.ts';
import { logCheck, rosterCheck } from './trust-checks.ts';

const LEAST_FREE = 256 * 2 ** 20;

/**
 * Everything that keeps a connector from taking part, in the order in which one thing depends on the other. Nothing is changed:
 * what the coordinator offers is asked for and compared, never pinned.
 */
export async function runDoctor(site: Site): Promise<Diagnosis> {
  const { coordinatorUrl, member, certificate, now, stateDir } = site;
  const tls = linkTls(member, certificate.current());
  const found = await probe(coordinatorUrl, tls, now);
  const reached = found.fault === undefined;
  const checks: Check[] = [
    ...linkChecks(found, { version: VERSION, now: now(), client: 'this connector’s certificate' }),
    certificateCheck(site),
    await rosterCheck(site, reached),
    logCheck(site),
    folderCheck('disk', 'the state folder', stateDir, {
      least: LEAST_FREE,
      next: 'Check the volume and its rights; nothing is sent that cannot be recorded first.',
    }),
    policyCheck(site),
    approversCheck(site),
    ...(await dataChecks(site, reached)),
  ];
  return diagnose(checks);
}

/** It renews itself from a third of its life on: little left means that renewal has failed for long. */
function certificateCheck({ certificate, enrolUrl, now }: Site): Check {
  const current = certificate.current().certificate;
  const ended = now() - current.validToDate.getTime();
  return expiryCheck('certificate', 'this connector’s certificate', current, {
    now: now(),
    next: ended <= 0 ? RENEWS : ended <= RETURN_MS ? (enrolUrl ? RETURNS : NO_ENROL_URL) : NEW_JOIN_STRING,
  });
}

const RENEWS = 'It should have been renewed since: let the connector reach the coordinator; its log says what failed.';
const RETURNS =
  'The connector asks the enrolment listener for a new one by itself: let it through; a warning in its status says when it was refused.';
const NO_ENROL_URL = 'Set SUMVEIL_CONNECTOR_ENROL_URL and start again: the connector then comes back by itself.';
const NEW_JOIN_STRING = 'Ask the platform operator for a new invitation and enrol in an empty folder.';
