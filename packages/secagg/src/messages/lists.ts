import { canonicalBytes, labelledHash, toBase64url, u16, u32 } from '@sumveil/wire';
import type { ListPhase } from './messages.ts';

/** One signed message of a listed member. */
export interface ListItem {
  readonly idx: number;
  /** SHA-256 of the received body bytes, 32 bytes */
  readonly bodyHash: Uint8Array;
}

/** listHash of section 5: dirHash over M0, u2Hash over M1, u3Hash over M2. @param items ascending idx */
export function listHash(planHash: Uint8Array, phase: ListPhase, items: readonly ListItem[]): Buffer {
  const fields = items.flatMap(({ idx, bodyHash }) => [u16(idx), bodyHash]);
  return labelledHash(`list/${phase}`, planHash, u32(items.length), ...fields);
}

/** Body of the coordinator's `list` message, to be signed as type `list`. @param items ascending idx */
export function listBody(planHash: Uint8Array, phase: ListPhase, items: readonly ListItem[]): Buffer {
  return canonicalBytes({
    type: 'list',
    v: 1,
    planHash: toBase64url(planHash),
    phase,
    members: items.map((item) => item.idx),
    listHash: toBase64url(listHash(planHash, phase, items)),
  });
}
