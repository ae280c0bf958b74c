import { canonicalBytes, toBase64url } from '@sumveil/wire';
import type { Manifest } from '../messages/messages.ts';
import { chunkLayout } from '../plan/chunks.ts';
import type { RoundPlan } from '../plan/plan.ts';
import type { RecoveredSecrets } from './recover.ts';

export interface ManifestInput {
  readonly plan: RoundPlan;
  readonly u3: readonly number[];
  readonly u3Hash: Uint8Array;
  /** chunkRoot over the aggregate chunks */
  readonly aggRoot: Uint8Array;
  readonly secrets: RecoveredSecrets;
}

/** Body of the manifest, to be signed as type `manifest`. The secrets in it let the cohort check the sum (section 19). */
export function manifestBody({ plan, u3, u3Hash, aggRoot, secrets }: ManifestInput): Buffer {
  return canonicalBytes({
    type: 'manifest',
    v: 1,
    planHash: toBase64url(plan.planHash),
    u3Hash: toBase64url(u3Hash),
    survivors: [...u3],
    chunks: chunkLayout(plan).total,
    aggRoot: toBase64url(aggRoot),
    b: secretList(secrets.b),
    a: secretList(secrets.a),
  } satisfies Manifest);
}

function secretList(secrets: ReadonlyMap<number, Buffer>): Manifest['a'] {
  const ascending = [...secrets].sort(([x], [y]) => x - y);
  return ascending.map(([idx, secret]) => ({ idx, secret: toBase64url(secret) }));
}
