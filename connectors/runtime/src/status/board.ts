export interface RunLine {
  readonly runId: string;
  readonly round: number;
  readonly attempt: number;
  readonly phase: string;
  readonly code?: string;
}

/** What is going on right now, for the status page and the control API; forgotten at a restart. */
export interface Board {
  readonly startedAt: number;
  lastContactAt: number | undefined;
  setRun(line: RunLine): void;
  runs(): RunLine[];
  warn(code: string, text: string): void;
  clear(code: string): void;
  warnings(): string[];
}

const KEPT_RUNS = 20;

export function newBoard(startedAt: number): Board {
  const runs = new Map<string, RunLine>();
  const warnings = new Map<string, string>();
  return {
    startedAt,
    lastContactAt: undefined,
    setRun(line) {
      runs.delete(line.runId);
      runs.set(line.runId, line);
      if (runs.size > KEPT_RUNS) runs.delete(runs.keys().next().value!);
    },
    runs: () => [...runs.values()].reverse(),
    warn: (code, text) => void warnings.set(code, text),
    clear: (code) => void warnings.delete(code),
    warnings: () => [...warnings.values()],
  };
}
