import { errorCode } from '@sumveil/telemetry';
import { digestOf } from '@sumveil/wire';
import { pause } from '../pause.ts';
import type { Site } from '../site.ts';
import type { PolicyInForce } from './local-policy.ts';

/** Declares the digest of the policy in force at the start and after every change; its text stays here. */
export async function declarePolicies(site: Site): Promise<void> {
  let declared: string | undefined;
  while (!site.stopping.aborted) {
    let inForce: PolicyInForce;
    try {
      inForce = site.policy();
    } catch (error) {
      return site.fail(error);
    }
    try {
      if (inForce.digest !== declared) await declare(site, inForce);
      declared = inForce.digest;
    } catch (error) {
      site.logger.event('connector.waiting', { code: errorCode(error) });
    }
    await pause(site.timings.policyLook, site.stopping);
  }
}

async function declare({ client, state, now }: Site, { policy, digest }: PolicyInForce): Promise<void> {
  const body = { digest, minCohort: policy.minCohort, minHonest: policy.minHonest };
  const bytes = Buffer.from(JSON.stringify(body), 'utf8');
  state.egress.record({ what: 'local-policy', digest: digestOf(bytes), bytes: bytes.length }, now());
  await client.call('declareLocalPolicy', { body });
}
