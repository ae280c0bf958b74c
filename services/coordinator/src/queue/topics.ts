/** Kinds of work; the payload of each is one id (`ref`), never data (architecture.md, decision 2). */
export const topics = ['run.grant', 'round.open', 'attempt.advance', 'chunk.sum', 'schedule.occur'] as const;

export type Topic = (typeof topics)[number];

export const queueNames = ['rounds', 'chunks'] as const;

export type QueueName = (typeof queueNames)[number];

/** Sums of chunks are many and slow; they do not stand in the way of phase closings. */
export function queueOf(topic: Topic): QueueName {
  return topic === 'chunk.sum' ? 'chunks' : 'rounds';
}

export interface JobPayload {
  readonly ref: string;
}

export interface JobBinding {
  readonly topic: Topic;
  /** Starts with "is this still to do?"; may run twice and after anything else. */
  handle(job: { readonly ref: string; readonly signal: AbortSignal }): Promise<void>;
  /** The last try has failed, and not for a reason that passes by itself: whoever waits for the work is told. */
  givenUp?(ref: string): Promise<void>;
}
