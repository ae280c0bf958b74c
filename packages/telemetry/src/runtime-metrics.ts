import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from './metrics.ts';

/** What every process shows of itself. A blocked loop lets job locks run out, so its delay has an alarm (governance section 9). */
export function observeRuntime(metrics: Metrics): { stop(): void } {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  metrics.gauge(
    'sumveil_event_loop_delay_p99_seconds',
    'Event-loop delay since the last scrape, 99th percentile',
    () => {
      const seconds = delay.percentile(99) / 1e9;
      delay.reset();
      return seconds;
    },
  );
  metrics.gauge('sumveil_process_resident_bytes', 'Resident memory', () => process.memoryUsage.rss());
  metrics.gauge('sumveil_process_uptime_seconds', 'Time since the process started', () => Math.round(process.uptime()));
  return { stop: () => delay.disable() };
}
