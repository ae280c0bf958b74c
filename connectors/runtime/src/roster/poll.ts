import { errorCode } from '@sumveil/telemetry';
import { pause } from '../pause.ts';
import type { Site } from '../site.ts';
import { requireOwnRoot } from './own-root.ts';

/**
 * Keeps the offered roster fresh: often while the tenant's admin waits for the first one, seldom afterwards.
 *
 * @throws ConnectorError `ENROLMENT` when the pinned roster no longer names the root of the enrolment
 */
export async function pollRosters({ rosters, member, board, logger, now, stopping, timings }: Site): Promise<void> {
  requireOwnRoot(rosters.pinned(), member);
  while (!stopping.aborted) {
    try {
      await rosters.refresh();
      board.lastContactAt = now();
    } catch (error) {
      if (!stopping.aborted) logger.event('connector.waiting', { code: errorCode(error) });
    }
    requireOwnRoot(rosters.pinned(), member);
    await pause(rosters.pinned() ? timings.rosterPinned : timings.rosterWaiting, stopping);
  }
}
