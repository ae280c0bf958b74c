import { toBase64url } from '@sumveil/wire';
import type { GateContext } from '../gate/context.ts';
import type { JobRow } from '../state/attempts.ts';
import { argsFor, NOW, type Parts } from './material.ts';

/** Round 2 on some model and manifest, and what a connector knows that has computed that model itself. */
export const ANY_HASH = toBase64url(Buffer.alloc(32, 9));
export const secondRound = (parts: Parts): Parts => ({
  ...parts,
  args: argsFor(NOW, ANY_HASH, { round: 2, prevManifest: ANY_HASH }),
});
export const afterFirst =
  (change: Partial<JobRow> = {}) =>
  (context: GateContext, parts: Parts): GateContext => {
    const model = `sha256:${'09'.repeat(32)}`;
    const job = { finishedRound: 1, lastManifest: ANY_HASH, model, planDigest: parts.grant.planDigest };
    return { ...context, job: { ...job, ...change } };
  };
