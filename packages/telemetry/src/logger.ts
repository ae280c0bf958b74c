import { pino } from 'pino';
import { type Context, contextFields, type EventFields, type EventName, events } from './events.ts';
import { serialise } from './fields.ts';

export interface Logger {
  /** Writes one JSON line. What is not in the catalogue, or not of its form, is left out and counted. Never throws. */
  event<E extends EventName>(name: E, fields: EventFields[E]): void;
  /** A logger that adds these to every line. */
  with(context: Context): Logger;
  /** How much was left out since the process started, this logger and all made from it together. */
  readonly dropped: Readonly<Dropped>;
}

interface Dropped {
  events: number;
  fields: number;
}

export interface LoggerOptions {
  /** api, worker, signer, connector, cli, …: one lower-case word. */
  readonly process: string;
  /** Default: standard error. */
  readonly stream?: { write(line: string): void };
  /** Unix ms. */
  readonly now?: () => number;
}

type Sink = (level: 'info' | 'warn' | 'error', line: Record<string, string | number>) => void;

/**
 * Logger with a closed catalogue (governance section 8). An object handed over by mistake, an error or a request, cannot
 * reach the output: fields are picked by name and each has one narrow form.
 */
export function createLogger(options: LoggerOptions): Logger {
  const write = pinoSink(options);
  return loggerOn(write, { process: word(options.process) }, { events: 0, fields: 0 });
}

const contextNames: ReadonlySet<string> = new Set(contextFields);
const allowedIn: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(events).map(([name, { names }]) => [name, new Set<string>([...contextFields, ...names])]),
);

function loggerOn(write: Sink, context: Record<string, string | number>, dropped: Dropped): Logger {
  return {
    event(name, fields) {
      const allowed = allowedIn.get(name);
      if (!allowed) {
        dropped.events++;
        return;
      }
      write(events[name].level, { ...context, event: name, ...picked(fields, allowed, dropped) });
    },
    with(more) {
      return loggerOn(write, { ...context, ...picked(more, contextNames, dropped) }, dropped);
    },
    dropped,
  };
}

function picked(from: unknown, allowed: ReadonlySet<string>, dropped: Dropped): Record<string, string | number> {
  const out: Record<string, string | number> = {};
  for (const [name, value] of entriesOf(from)) {
    if (value === undefined) continue;
    const shown = allowed.has(name) ? serialise(name, value) : undefined;
    if (shown === undefined) dropped.fields++;
    else out[name] = shown;
  }
  return out;
}

/** Getters and proxies of a foreign object may throw. */
function entriesOf(from: unknown): [string, unknown][] {
  try {
    return typeof from === 'object' && from !== null ? Object.entries(from) : [];
  } catch {
    return [];
  }
}

/** The second net: names under which a secret would travel, should a form above ever be made too wide. */
const REDACTED = [
  'authorization',
  'cookie',
  'key',
  'mask',
  'password',
  'pem',
  'secret',
  'seed',
  'share',
  'token',
  'weights',
];

/** Exported for its test: no event reaches it with a name of the second net. */
export function pinoSink({ stream, now = Date.now }: Omit<LoggerOptions, 'process'>): Sink {
  const settings = {
    base: null,
    redact: [...REDACTED, ...REDACTED.map((name) => `*.${name}`)],
    timestamp: () => `,"time":"${new Date(now()).toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const logger = pino(settings, stream ?? pino.destination({ fd: 2, sync: true }));
  return (level, line) => logger[level](line);
}

function word(text: string): string {
  return serialise('kind', text) === undefined ? 'unnamed' : text;
}
