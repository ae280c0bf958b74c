import { z } from 'zod';
import { event } from './envelope.ts';
import { code, count, digest, id, name, quantity } from './fields.ts';

const ledger = { scope: z.enum(['tenant', 'model']), ledgerRef: name };
const moved = { model: id, from: count, to: count, decisionId: id, reasonCode: code.optional() };

/** Privacy spent, and the models that came of it. ε in micro-units, δ = 1/deltaInv. */
export const modelEvents = {
  'privacy.charged': event(
    {
      ...ledger,
      chargeId: id,
      epsilonMicro: count,
      totalMicro: count,
      capMicro: count,
      deltaInv: quantity,
      mechanismDigest: digest,
    },
    'scope',
    'ledgerRef',
    'chargeId',
  ),
  'privacy.cap_reached': event({ ...ledger, totalMicro: count, capMicro: count }, 'scope', 'ledgerRef', 'capMicro'),
  'model.version_created': event(
    { model: id, version: z.int().min(1), digest, parentDigest: digest, aggRoot: digest },
    'model',
    'version',
  ),
  'model.evaluated': event(
    {
      model: id.optional(),
      /** Of the model that was scored; 0 is the base model that the plan names. */
      version: z.int().min(0),
      evaluationDigest: digest,
      gates: z.array(z.strictObject({ id, passed: z.boolean() })).max(100),
    },
    'version',
    'evaluationDigest',
  ),
  'model.promoted': event(moved, 'decisionId'),
  'model.promotion_refused': event(moved, 'decisionId'),
  'model.rolled_back': event(moved, 'decisionId'),
  'model.retired': event(moved, 'model', 'from', 'decisionId'),
};
