import { describe, expect, it } from 'vitest';
import { KnownTasks } from './known-tasks.ts';
import { SerialQueues } from './serial-queues.ts';

describe('known tasks', () => {
  it('takes a task on once, and again after it was given up', () => {
    const known = new KnownTasks();
    expect([known.add('7'), known.add('7')]).toEqual([true, false]);
    known.forget('7');
    expect(known.add('7')).toBe(true);
  });

  it('fits into the query however many there were, the newest included', () => {
    const known = new KnownTasks();
    for (let id = 100_000_000_000; id < 100_000_003_000; id++) known.add(String(id));
    expect(known.text().length).toBeLessThanOrEqual(2_000);
    expect(known.text()).toMatch(/^([0-9]+(,[0-9]+)*)?$/);
    expect(known.text().endsWith('100000002999')).toBe(true);
  });
});

describe('serial queues', () => {
  it('do one thing after the other under one key, and side by side under two', async () => {
    const queues = new SerialQueues();
    const seen: string[] = [];
    const gate = Promise.withResolvers<void>();
    queues.add('a', async () => {
      await gate.promise;
      seen.push('a1');
    });
    queues.add('a', async () => void seen.push('a2'));
    queues.add('b', async () => {
      seen.push('b1');
      gate.resolve();
    });
    await queues.idle();
    expect(seen).toEqual(['b1', 'a1', 'a2']);
  });
});
