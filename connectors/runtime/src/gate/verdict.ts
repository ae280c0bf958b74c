/** In the order in which they are checked; the first that fails is the refusal (governance section 3). */
export const gateCodes = [
  'GATE_FORMAT',
  'GATE_SIGNER',
  'GATE_PLAN_DIGEST',
  'GATE_EXPIRED',
  'GATE_APPROVAL_OWN',
  'GATE_APPROVAL_OTHERS',
  'GATE_LOG_PROOF',
  'GATE_LOCAL_POLICY',
  'GATE_DATA',
  'GATE_BUDGET',
  'GATE_PROTOCOL',
] as const;
export type GateCode = (typeof gateCodes)[number];

/** `detail` stays at the tenant; code and `field` (a number of the plan's data contract) are signed and sent. */
export interface GateFault {
  readonly code: GateCode;
  readonly detail: string;
  readonly field?: number;
}

/** A failed check inside the gate; nothing outside of it sees this class. */
export class GateRefusal extends Error {
  readonly fault: GateFault;

  constructor(code: GateCode, detail: string, field?: number) {
    super(detail);
    this.name = 'GateRefusal';
    this.fault = { code, detail, ...(field !== undefined && { field }) };
  }
}

/** Runs one check; whatever it throws refuses under its code, so a check that breaks never lets anything through. */
export function under<T>(code: GateCode, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof GateRefusal) throw error;
    const detail = (error as { detail?: unknown } | null)?.detail;
    throw new GateRefusal(code, typeof detail === 'string' ? detail : error instanceof Error ? error.message : code);
  }
}
