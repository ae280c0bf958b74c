import { unmask as unmaskStep } from '@sumveil/secagg';
import { encodeSigned } from '@sumveil/wire';
import { ConnectorError } from '../error.ts';
import type { Site } from '../site.ts';
import type { Attempt } from './attempt.ts';
import { fetchMessages } from './fetch-list.ts';
import { isPast, showPhase } from './phases.ts';
import { sendMessage } from './send.ts';

/** R4: checks that a quorum signed the same survivors, stores m4Sent, answers once. The step erases every secret. */
export async function unmask(site: Site, attempt: Attempt): Promise<void> {
  if (isPast(attempt, 'consistent')) return;
  showPhase(site, attempt, 'unmask');
  const m3s = await fetchMessages(site, attempt, 'consistency');
  if (attempt.state.step !== 'consistent') return;
  const { state, m4 } = unmaskStep(attempt.state, { m3s });
  attempt.state = state;
  // Fails when `aborted` is set: only one of the two can ever be true.
  await sendMessage(site, attempt, 'm4', encodeSigned(m4), () => {
    if (!site.state.attempts.markM4(attempt.planHash))
      throw new ConnectorError('SPENT', 'M4 was sent or sworn off before.', 'The next round may be joined.');
  });
}
