export type SecaggErrorCode =
  | 'FORMAT'
  | 'ROSTER'
  | 'PLAN_FILE'
  | 'PLAN'
  | 'UNSUPPORTED'
  | 'LOCAL_POLICY'
  | 'INPUT'
  | 'REFUSED'
  | 'PHASE'
  | 'CHUNK'
  | 'NOT_ENOUGH'
  | 'RECOVERY'
  | 'OUT_OF_RANGE';

/** Whose fault a failed check is, as far as the evidence goes (secure-aggregation section 18). */
export interface Blame {
  /** the tenant at fault, or one of a disputed pair */
  readonly idx: number;
  /** the other member of a disputed pair */
  readonly with?: number;
  readonly reason: 'bad-share' | 'bad-dealing' | 'bad-envelope' | 'bad-mask-key';
}

/** One outward text for every cryptographic refusal: which check failed is nobody's business outside (section 23). */
const UNIFORM =
  'A check of this attempt failed, so nothing more is sent for it. The next attempt or round may be joined.';

/**
 * Refusal of the secure aggregation. `message` may leave the process; `detail` says which check failed, holds no secret,
 * and belongs into the local log only.
 */
export class SecaggError extends Error {
  readonly code: SecaggErrorCode;
  readonly detail: string;
  readonly blame: readonly Blame[];

  constructor(code: SecaggErrorCode, detail: string, blame: readonly Blame[] = []) {
    super(code === 'REFUSED' || code === 'RECOVERY' ? UNIFORM : detail);
    this.name = 'SecaggError';
    this.code = code;
    this.detail = detail;
    this.blame = blame;
  }
}

/** @throws SecaggError `REFUSED` */
export function refuseUnless(condition: boolean, detail: string, blame?: readonly Blame[]): asserts condition {
  if (!condition) throw new SecaggError('REFUSED', detail, blame);
}
