import { NodeSDK } from '@opentelemetry/sdk-node';
import { keepShutdown } from './shutdown.ts';

/**
 * Starts traces and metrics to where OTEL_ variables say. No resource detector runs: they report command line, paths and
 * host name. No log exporter: lines go to standard error only.
 */
export function startSdk(exporters: { traces: string; metrics: string }): void {
  process.env.OTEL_TRACES_EXPORTER = exporters.traces;
  process.env.OTEL_METRICS_EXPORTER = exporters.metrics;
  process.env.OTEL_LOGS_EXPORTER = 'none';
  const sdk = new NodeSDK({
    serviceName: process.env.OTEL_SERVICE_NAME ?? 'sumveil',
    autoDetectResources: false,
    instrumentations: [],
  });
  sdk.start();
  keepShutdown(() => sdk.shutdown());
}
