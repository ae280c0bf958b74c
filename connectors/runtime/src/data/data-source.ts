import { statSync } from 'node:fs';
import type { TrainTask } from '@sumveil/learning';
import { csvDataset, type Dataset, TrainersError } from '@sumveil/trainers';
import { canonicalBytes, digestOf } from '@sumveil/wire';

/** `detail` is for the tenant's own eyes; `code` and `field` may leave the site (governance section 3, data contract). */
export interface ContractFault {
  readonly code: string;
  readonly field: number;
  readonly detail: string;
}

export interface DataSource {
  /** The tenant's table under a plan's contract, or the first fault. Read again when the file or the task has changed. */
  load(task: TrainTask): Promise<Dataset | { fault: ContractFault }>;
  readable(): boolean;
}

export function csvSource(path: string): DataSource {
  let held: { stamp: string; dataset: Dataset } | undefined;

  function stampOf(task: TrainTask): string {
    const { mtimeMs, size, ino } = statSync(path);
    return `${mtimeMs} ${size} ${ino} ${digestOf(canonicalBytes(task))}`;
  }

  return {
    async load(task) {
      try {
        const stamp = stampOf(task);
        if (held?.stamp !== stamp) held = { stamp, dataset: await csvDataset(path, task) };
        return held.dataset;
      } catch (error) {
        return { fault: faultOf(error) };
      }
    },
    readable() {
      try {
        return statSync(path).isFile();
      } catch {
        return false;
      }
    },
  };
}

function faultOf(error: unknown): ContractFault {
  if (error instanceof TrainersError && error.faults[0]) return error.faults[0];
  return { code: 'DATA_READ', field: 0, detail: 'the data file cannot be read as CSV' };
}
