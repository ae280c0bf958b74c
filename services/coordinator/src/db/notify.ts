import type { Logger } from '@sumveil/telemetry';
import { Client } from 'pg';
import { defaultTimings, type Timings } from '../timings.ts';
import type { Tx } from './client.ts';
import { pinned } from './pinned.ts';

/** NOTIFY channels. A notification is a hint: whoever waits looks at the rows, at once and every `pollMs`. */
export const channels = {
  outbox: 'sumveil_outbox',
  sign: 'sumveil_sign',
  signed: 'sumveil_signed',
  leaf: 'sumveil_leaf',
  checkpoint: 'sumveil_checkpoint',
  cosigned: 'sumveil_cosigned',
  quorum: 'sumveil_quorum',
  task: 'sumveil_task',
  revocation: 'sumveil_revocation',
  run: 'sumveil_run',
  schedule: 'sumveil_schedule',
} as const;

export type Channel = (typeof channels)[keyof typeof channels];

export interface WaitOptions {
  readonly timeoutMs: number;
  /** How often rows are looked at without a notification; 250 ms. Many idle waiters should say more. */
  readonly pollMs?: number;
  readonly signal?: AbortSignal;
  /** Notifications for others need no look at the rows. */
  readonly matches?: (payload: string) => boolean;
}

export interface Notifications {
  /** Calls `handler` for each notification, and with '' after a reconnect, when some may have been missed. */
  on(channel: Channel, handler: (payload: string) => void): () => void;
  /** Resolves with the first answer of `check` that is not undefined; undefined at the timeout or when aborted. */
  wait<T>(channel: Channel, check: () => Promise<T | undefined>, options: WaitOptions): Promise<T | undefined>;
  close(): Promise<void>;
}

/** Delivered when the transaction commits; equal payloads of one transaction are delivered once. */
export async function notify(tx: Tx, channel: Channel, payload = ''): Promise<void> {
  await tx.$executeRaw`SELECT pg_notify(${channel}, ${payload})`;
}

/**
 * LISTENs on a connection of its own, straight to Postgres: a pooler in transaction mode would drop the subscription.
 * Reconnects for ever; while it is away, pollers go on working.
 */
export async function openNotifications(
  url: string,
  options: { logger: Logger; timings?: Pick<Timings, 'listenAgain' | 'poll'> },
): Promise<Notifications> {
  const { timings = defaultTimings } = options;
  const handlers = new Map<string, Set<(payload: string) => void>>();
  let client: Client | undefined;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;

  const reconnect = () => {
    if (closed || retry !== undefined) return;
    retry = setTimeout(() => {
      retry = undefined;
      connect().then(
        () => {
          for (const set of handlers.values()) for (const handler of set) handler('');
        },
        () => reconnect(),
      );
    }, timings.listenAgain);
  };
  const connect = async () => {
    const next = new Client({ ...pinned(url), application_name: 'sumveil-listen', keepAlive: true });
    next.on('error', () => options.logger.event('database.error', { code: 'LISTEN_LOST' }));
    next.on('end', () => {
      if (client === next) {
        client = undefined;
        reconnect();
      }
    });
    next.on('notification', ({ channel, payload }) => {
      for (const handler of handlers.get(channel) ?? []) handler(payload ?? '');
    });
    await next.connect();
    await next.query(
      Object.values(channels)
        .map((name) => `LISTEN ${name}`)
        .join('; '),
    );
    client = next;
  };
  await connect();

  const on: Notifications['on'] = (channel, handler) => {
    const set = handlers.get(channel) ?? new Set();
    handlers.set(channel, set.add(handler));
    return () => set.delete(handler);
  };
  return {
    on,
    wait: (channel, check, waiting) => waitFor(on, channel, check, { pollMs: timings.poll, ...waiting }),
    close: async () => {
      closed = true;
      clearTimeout(retry);
      const last = client;
      client = undefined;
      await last?.end();
    },
  };
}

async function waitFor<T>(
  on: Notifications['on'],
  channel: Channel,
  check: () => Promise<T | undefined>,
  { timeoutMs, pollMs, signal, matches = () => true }: WaitOptions & { pollMs: number },
): Promise<T | undefined> {
  let wake = () => {};
  let missed = false;
  // Subscribed before the first look, or a change between look and subscription would wait for the poll.
  const off = on(channel, (payload) => {
    if (payload !== '' && !matches(payload)) return;
    missed = true;
    wake();
  });
  const ends = performance.now() + timeoutMs;
  const stop = () => wake();
  signal?.addEventListener('abort', stop);
  try {
    for (;;) {
      missed = false;
      const answer = await check();
      const left = ends - performance.now();
      if (answer !== undefined || left <= 0 || signal?.aborted) return answer;
      if (missed) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(pollMs, left));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
        if (signal?.aborted) wake();
      });
      if (signal?.aborted) return undefined;
    }
  } finally {
    off();
    signal?.removeEventListener('abort', stop);
  }
}
