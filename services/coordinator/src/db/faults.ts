import { CoordinatorError } from '../error.ts';

/** Write conflict, lock timeout, serialisation failure, deadlock: the same transaction may succeed when run again. */
const RETRYABLE = new Set(['P2034', '55P03', '40001', '40P01']);

/** Postgres and socket codes that say "not now" rather than "not so". */
const UNAVAILABLE = new Set([
  ...[
    'P1001',
    'P1002',
    'P1008',
    'P1017',
    'P2024',
    'P2028',
    '08000',
    '08001',
    '08003',
    '08004',
    '08006',
    '25006',
    '53100',
    '53200',
    '53300',
  ],
  ...[
    '57P01',
    '57P02',
    '57P03',
    '57P05',
    '25P03',
    'ECONNREFUSED',
    'ECONNRESET',
    'ENOENT',
    'EPIPE',
    'ETIMEDOUT',
    'ENOTFOUND',
  ],
]);

const UNAVAILABLE_TEXT =
  /Connection terminated|connection timeout|timeout exceeded when trying to connect|Client has encountered a connection error|server closed the connection|Can't reach database server|Server has closed the connection|terminating connection|database system is (starting up|shutting down)|Unable to start a transaction|Transaction already closed|not queryable/i;

interface Coded {
  readonly code?: unknown;
  readonly originalCode?: unknown;
  readonly cause?: unknown;
  readonly meta?: unknown;
  readonly driverAdapterError?: unknown;
  readonly message?: unknown;
}

/** Prisma wraps what the driver said in several layers, some without a code (tried): every layer is looked at. */
function* layers(error: unknown, depth = 0): Generator<Coded> {
  if (typeof error !== 'object' || error === null || depth > 6) return;
  const coded = error as Coded;
  yield coded;
  yield* layers(coded.cause, depth + 1);
  yield* layers(coded.meta, depth + 1);
  yield* layers(coded.driverAdapterError, depth + 1);
}

function* codes(error: unknown): Generator<string> {
  for (const { code, originalCode } of layers(error)) {
    if (typeof code === 'string') yield code;
    if (typeof originalCode === 'string') yield originalCode;
  }
}

/** First code of the database or the system in any layer, for people: `28P01`, `ECONNREFUSED`. */
export function errorLayerCode(error: unknown): string | undefined {
  for (const code of codes(error)) if (/^([0-9A-Z]{5}|E[A-Z]+)$/.test(code) && !/^P\d{4}$/.test(code)) return code;
  return undefined;
}

export function isRetryable(error: unknown): boolean {
  for (const code of codes(error)) if (RETRYABLE.has(code)) return true;
  return false;
}

/** Fault of the database, of a disk or of the network: the same work may succeed later. Everything else is in the input. */
export function isPassing(error: unknown): boolean {
  const ofSystem = [...layers(error)].some((layer) => typeof (layer as { syscall?: unknown }).syscall === 'string');
  const mapped = error instanceof CoordinatorError && error.code === 'DATABASE';
  // 57014: a statement that took too long.
  const slow = [...codes(error)].includes('57014');
  return ofSystem || mapped || slow || isRetryable(error) || databaseFault(error) !== undefined;
}

/** An error of the connection as CoordinatorError DATABASE (503 + Retry-After), undefined for every other error. */
export function databaseFault(error: unknown): CoordinatorError | undefined {
  const known = [...codes(error)].some((code) => UNAVAILABLE.has(code));
  const said = [...layers(error)].some(({ message }) => typeof message === 'string' && UNAVAILABLE_TEXT.test(message));
  if (!known && !said) return undefined;
  return new CoordinatorError(
    'DATABASE',
    'The database does not answer. Nothing was changed by an open transaction; repeat the request.',
    {
      retryAfterSeconds: 2,
      cause: error,
    },
  );
}
