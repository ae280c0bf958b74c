import { AsyncLocalStorage } from 'node:async_hooks';
import type { Tx } from './client.ts';

/** Called in every transaction that the work makes, just before it commits; when it throws, nothing of it commits. */
export type OnEffect = (tx: Tx) => Promise<void>;

const current = new AsyncLocalStorage<OnEffect>();

/** Runs `work` so that whatever it commits is marked in the same transaction. */
export function markingEffects<T>(onEffect: OnEffect, work: () => Promise<T>): Promise<T> {
  return current.run(onEffect, work);
}

export function withMark<T>(work: (tx: Tx) => Promise<T>): (tx: Tx) => Promise<T> {
  const onEffect = current.getStore();
  if (!onEffect) return work;
  return async (tx) => {
    const value = await work(tx);
    await onEffect(tx);
    return value;
  };
}
