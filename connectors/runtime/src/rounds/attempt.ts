import type { Stage, TrainTask } from '@sumveil/learning';
import type { CheckedPlan, Roster, TenantState } from '@sumveil/secagg';
import { eraseSecrets } from '@sumveil/secagg';
import type { Dataset, TrainResult } from '@sumveil/trainers';
import type { Signed, Task } from '@sumveil/wire';
import type { RawMaterial } from '../gate/material.ts';

export type MessageKind = 'm0' | 'm1' | 'm2' | 'm3' | 'm4' | 'abort';

/**
 * One attempt in memory, from M0 until its result or its end. It is never written down: a process that stops loses it, and
 * is a dropout of this attempt (secure-aggregation section 15).
 */
export interface Attempt {
  readonly runId: string;
  readonly round: number;
  readonly attempt: number;
  readonly planHash: string;
  readonly plan: CheckedPlan;
  readonly roster: Roster;
  readonly raw: RawMaterial;
  readonly planDigest: string;
  readonly grantDigest: string;
  readonly task: TrainTask;
  readonly stage: Stage;
  readonly stages: readonly Stage[];
  readonly dataset: Dataset;
  /** the exact artifact of `modelHash` */
  readonly model: Uint8Array;
  /** log size that was cosigned when the gate let the attempt in */
  readonly admittedAtSize: number;
  state: TenantState;
  /** M0 of U1 as received, ascending; filled in R1 */
  directory: readonly Signed[];
  training: Promise<TrainResult> | undefined;
  /** model that the released sum leads to, as computed here; the next round most likely starts from it */
  next: Uint8Array | undefined;
  /** bytes that were sent, for sending the same again */
  readonly kept: Map<MessageKind, Uint8Array>;
  /** aborted when the attempt is over here, for whatever reason */
  readonly ended: AbortController;
}

/** Ends the attempt: training stops, uploads stop, secrets are overwritten. */
export function endAttempt(attempt: Attempt): void {
  if (attempt.ended.signal.aborted) return;
  attempt.ended.abort();
  eraseSecrets(attempt.state);
}

/** Attempts of this process by plan hash. One open attempt per run: a newer one ends the older. */
export class AttemptTable {
  readonly #byPlan = new Map<string, Attempt>();

  get(planHash: string): Attempt | undefined {
    return this.#byPlan.get(planHash);
  }

  /** Newest attempt of the run. */
  newest(runId: string): Attempt | undefined {
    return [...this.#byPlan.values()].findLast((held) => held.runId === runId);
  }

  add(attempt: Attempt): void {
    this.endOlder(attempt);
    this.#byPlan.set(attempt.planHash, attempt);
  }

  /** Ends and forgets attempts of the run that are before this task's; results of them may still come. */
  endOlder(task: Pick<Task, 'runId' | 'round' | 'attempt'>): void {
    for (const [planHash, held] of this.#byPlan) {
      if (held.runId !== task.runId) continue;
      const older = held.round < task.round || (held.round === task.round && held.attempt < task.attempt);
      if (older) endAttempt(held);
      if (held.round < task.round - KEPT_ROUNDS) this.#byPlan.delete(planHash);
    }
  }

  endAll(): void {
    for (const attempt of this.#byPlan.values()) endAttempt(attempt);
  }
}

/** A manifest may come after the next round has opened. */
const KEPT_ROUNDS = 2;
