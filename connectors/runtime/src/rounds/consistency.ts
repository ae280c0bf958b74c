import { consistency as consistencyStep } from '@sumveil/secagg';
import { encodeSigned } from '@sumveil/wire';
import { ConnectorError } from '../error.ts';
import type { Site } from '../site.ts';
import type { Attempt } from './attempt.ts';
import { fetchList } from './fetch-list.ts';
import { isPast, showPhase } from './phases.ts';
import { sendMessage } from './send.ts';

/** R3: checks the survivor set and signs it, once per plan, ever. */
export async function consistency(site: Site, attempt: Attempt): Promise<void> {
  if (isPast(attempt, 'masked')) return;
  showPhase(site, attempt, 'consistency');
  const { list, messages } = await fetchList(site, attempt, 'inputs');
  if (attempt.state.step !== 'masked') return;
  const { state, m3 } = consistencyStep(attempt.state, { list, m2s: messages });
  attempt.state = state;
  await sendMessage(site, attempt, 'm3', encodeSigned(m3), () => {
    if (!site.state.attempts.markM3(attempt.planHash))
      throw new ConnectorError('SPENT', 'M3 of this plan has been sent before.', 'The next round may be joined.');
  });
}
