/** How long a call waits: a signal, and what it is told when bytes come. */
export interface Patience {
  readonly signal: AbortSignal;
  came(): void;
  /** The call is over. */
  end(): void;
}

/**
 * Ends a call when nothing has come for `quietMs`, over all its tries. A large answer over a thin line takes as long as it takes: a limit
 * on the whole would break it off at the same place each time.
 *
 * @param wholeMs limit of the caller on the whole call, whatever comes
 */
export function patience(
  quietMs: number,
  { signal, wholeMs }: { signal?: AbortSignal | undefined; wholeMs?: number | undefined },
): Patience {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new DOMException('nothing came', 'TimeoutError')),
    wholeMs ?? quietMs,
  );
  return {
    signal: signal ? AbortSignal.any([signal, controller.signal]) : controller.signal,
    came() {
      if (wholeMs === undefined) timer.refresh();
    },
    end: () => clearTimeout(timer),
  };
}
