import { sha256, toBase64url } from '@sumveil/wire';
import { expect, it } from 'vitest';
import type { Site } from '../site.ts';
import { coordinatorKeys, testRoster, testTenant } from '../testing/tenants.ts';
import { defaultConnectorTimings } from '../timings.ts';
import { pollRosters } from './poll.ts';

const spki = (name: string) => toBase64url(sha256(Buffer.from(name)));
const tenants = [1, 2, 3, 4, 5].map((idx) => testTenant(idx));

/** A connector that enrolled under the first root; asking the coordinator pins a roster with this one. */
function polled(root: string, pinnedBefore: boolean) {
  const { roster } = testRoster(tenants, coordinatorKeys(), spki(root));
  const ending = new AbortController();
  let asked = 0;
  const refresh = async () => {
    asked++;
    ending.abort();
  };
  const site = {
    rosters: { refresh, pinned: () => (pinnedBefore || asked > 0 ? roster : undefined) },
    member: { rootSpki: spki('first root') },
    board: {},
    now: () => 0,
    stopping: ending.signal,
    timings: defaultConnectorTimings,
  };
  return { ended: pollRosters(site as unknown as Site), asked: () => asked };
}

it('goes on while the pinned roster names the root of the enrolment', async () => {
  await expect(polled('first root', true).ended).resolves.toBeUndefined();
});

it('ends the connector when a pinned epoch no longer names it; nothing is asked under that root any more', async () => {
  await expect(polled('second root', false).ended).rejects.toMatchObject({ code: 'ENROLMENT' });
  const restarted = polled('second root', true);
  await expect(restarted.ended).rejects.toMatchObject({ code: 'ENROLMENT' });
  expect(restarted.asked()).toBe(0);
});
