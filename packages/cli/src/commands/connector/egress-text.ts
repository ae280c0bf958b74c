import { table } from '../../output.ts';

export interface Egress {
  entries: { seq: number; at: string; what: string; bytes: number; runId?: string; round?: number; code?: string }[];
}

/** One line for each that left; the code of an abort or refusal behind what it was, because few lines have one. */
export function egressText(entries: Egress['entries']): string {
  const rows = entries.map(({ seq, at, what, bytes, runId, round, code }) => [
    seq,
    at.slice(0, 19).replace('T', ' '),
    code ? `${what} ${code}` : what,
    bytes,
    runId ?? '',
    round ?? '',
  ]);
  return table(['seq', 'at, UTC', 'what', 'bytes', 'run', 'round'], rows);
}
