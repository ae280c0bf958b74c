import { byContent, sha256 } from '@sumveil/wire';
import { SecaggError } from '../error.ts';
import { parseMessage } from '../messages/fields.ts';
import { checkPlanArithmetic } from './arithmetic.ts';
import { auxLength, type PlanBody, planFault, planSchema } from './body.ts';

/** A plan that stands on its own: schema and arithmetic hold. Whether anybody approved it is another question. */
export type RoundPlan = PlanBody & {
  /** SHA-256 of the body as received */
  readonly planHash: Buffer;
  /** elements of segment 1 */
  readonly auxLen: number;
};

export function planHash(body: Uint8Array): Buffer {
  return sha256(body);
}

/** Attempts of a process at once are few, and every request of one asks for its plan. @throws SecaggError `PLAN` */
export const parsePlan: (body: Uint8Array) => RoundPlan = byContent(readPlan, 32);

function readPlan(body: Uint8Array): RoundPlan {
  let fields: PlanBody;
  try {
    fields = parseMessage(planSchema, body);
  } catch (error) {
    throw error instanceof SecaggError ? planFault(error.detail) : error;
  }
  checkPlanArithmetic(fields);
  return { ...fields, planHash: planHash(body), auxLen: auxLength(fields.aux) };
}
