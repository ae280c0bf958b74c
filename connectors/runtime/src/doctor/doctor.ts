import { type Check, type Diagnosis, diagnose, expiryCheck, folderCheck, linkChecks, probe } from '@sumveil/client';
import { clientTls } from '@sumveil/identity';
import { VERSION } from '../control/answers.ts';
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
  const { coordinatorUrl, member, keys, now, stateDir } = site;
  const { rootPem, rootSpki, chainPem } = member;
  const tls = clientTls({ rootsPem: [rootPem], rootSpki: [rootSpki], chainPem, key: keys.tls });
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

function certificateCheck({ member, now }: Site): Check {
  return expiryCheck('certificate', 'this connector’s certificate', member.certificate, {
    now: now(),
    next: 'Ask the platform operator for a new invitation and enrol in an empty folder.',
  });
}
