import { decodeSignedList, type Signed } from '@sumveil/wire';
import type { Site } from '../site.ts';
import type { Attempt } from './attempt.ts';
import { untilAnswered } from './send.ts';

/** Signed list of a phase and the messages it names, as received; every check is the protocol step's. */
export async function fetchList(
  site: Site,
  attempt: Attempt,
  material: 'directory' | 'shares' | 'inputs',
): Promise<{ list: Signed; messages: Signed[] }> {
  const [list, ...messages] = await fetchMessages(site, attempt, material);
  if (!list) throw new Error(`the coordinator sent no list with the ${material}`);
  return { list, messages };
}

export async function fetchMessages(
  site: Site,
  attempt: Attempt,
  material: 'directory' | 'shares' | 'inputs' | 'consistency',
): Promise<Signed[]> {
  const params = { planHash: attempt.planHash, material };
  const bytes = await untilAnswered(site, attempt, () =>
    site.client.call('phaseMaterial', { params, signal: attempt.ended.signal }),
  );
  return decodeSignedList(bytes);
}
