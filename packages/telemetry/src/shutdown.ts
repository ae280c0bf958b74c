/** The preload and the process it starts share nothing but the global object. */
const SHUTDOWN = Symbol.for('sumveil.telemetry.shutdown');

type Holder = { [SHUTDOWN]?: () => Promise<void> };

export function keepShutdown(shutdown: () => Promise<void>): void {
  (globalThis as Holder)[SHUTDOWN] = shutdown;
}

/** Sends what is buffered; at once when no exporter is on. Never throws, and waits 3 s at most. */
export async function shutdownTelemetry(): Promise<void> {
  const shutdown = (globalThis as Holder)[SHUTDOWN];
  if (!shutdown) return;
  const patience = new Promise<void>((done) => setTimeout(done, 3_000).unref());
  await Promise.race([shutdown().catch(() => {}), patience]);
}
