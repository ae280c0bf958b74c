import { encodeEnvelopes, share as shareStep } from '@sumveil/secagg';
import { encodeSigned } from '@sumveil/wire';
import type { Site } from '../site.ts';
import type { Attempt } from './attempt.ts';
import { fetchList } from './fetch-list.ts';
import { isPast, showPhase } from './phases.ts';
import { sendMessage } from './send.ts';
import { startTraining } from './train.ts';

/** R1: checks the directory, sends M1 with its envelopes, then trains while the others do the same. */
export async function share(site: Site, attempt: Attempt): Promise<void> {
  if (isPast(attempt, 'advertised')) return;
  showPhase(site, attempt, 'share');
  const { list, messages } = await fetchList(site, attempt, 'directory');
  if (attempt.state.step !== 'advertised') return;
  const step = shareStep(attempt.state, { list, m0s: messages });
  attempt.state = step.state;
  attempt.directory = messages;
  const bytes = Buffer.concat([encodeSigned(step.m1), encodeEnvelopes(step.envelopes)]);
  await sendMessage(site, attempt, 'm1', bytes);
  startTraining(site, attempt);
}
