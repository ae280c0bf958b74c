import { quorum, type RoundPlan } from '@sumveil/secagg';
import type { TaskKind } from '@sumveil/wire';

/** Phases in which tenants answer, in their order (secure-aggregation section 10; R0b belongs to graph mode). */
export const collecting = ['advertise', 'share', 'masked', 'consistency', 'unmask'] as const;
export type Collecting = (typeof collecting)[number];
export type Phase = 'opening' | Collecting | 'summing' | 'releasing' | 'released' | 'failed';
export type MessageKind = 'm0' | 'm1' | 'm2' | 'm3' | 'm4' | 'abort';
export type ListPhase = 'u1' | 'u2' | 'u3';

interface PhaseRule {
  /** Message that answers the phase. */
  readonly answer: MessageKind;
  /** List whose members are expected to answer; null: the cohort of the plan. */
  readonly expected: ListPhase | null;
  /** List that the answers of this phase make; null where none is signed. */
  readonly makes: ListPhase | null;
  readonly next: Phase;
  readonly task: TaskKind;
  /** Place of the phase's deadline in `plan.deadlines`. */
  readonly deadline: 0 | 1 | 2 | 3 | 4;
}

export const rules: Record<Collecting, PhaseRule> = {
  advertise: { answer: 'm0', expected: null, makes: 'u1', next: 'share', task: 'advertise', deadline: 0 },
  share: { answer: 'm1', expected: 'u1', makes: 'u2', next: 'masked', task: 'share', deadline: 1 },
  masked: { answer: 'm2', expected: 'u2', makes: 'u3', next: 'consistency', task: 'masked', deadline: 2 },
  consistency: { answer: 'm3', expected: 'u3', makes: null, next: 'unmask', task: 'consistency', deadline: 3 },
  unmask: { answer: 'm4', expected: 'u3', makes: null, next: 'summing', task: 'unmask', deadline: 4 },
};

export function isCollecting(phase: string): phase is Collecting {
  return (collecting as readonly string[]).includes(phase);
}

/** Answers that are enough to close early or at the deadline. */
export function enoughAnswers(phase: Collecting, plan: RoundPlan): number {
  return phase === 'consistency' || phase === 'unmask' ? quorum(plan.cohort.length, plan.c) : plan.minSurvivors;
}
