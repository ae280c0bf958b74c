import type { DataFault } from '@sumveil/learning';

export type TrainersErrorCode = 'DATA_READ' | 'DATA_CONTRACT' | 'MODEL' | 'STAGE' | 'ABORTED';

/**
 * Why a tenant cannot train. The message is for the tenant's own report; code and the `field` of each fault may leave the
 * site, nothing else. With DATA_CONTRACT `faults` is never empty.
 */
export class TrainersError extends Error {
  readonly code: TrainersErrorCode;
  readonly faults: readonly DataFault[];

  constructor(code: TrainersErrorCode, message: string, faults: readonly DataFault[] = []) {
    super(message);
    this.name = 'TrainersError';
    this.code = code;
    this.faults = faults;
  }
}
