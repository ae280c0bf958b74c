/**
 * For `node --import @sumveil/telemetry/preload`. Without an exporter in the OTEL_ variables nothing of OpenTelemetry's
 * SDK is loaded.
 */
import { askedExporters } from './exporters.ts';

const asked = askedExporters(process.env);
if (asked) {
  const { startSdk } = await import('./sdk.ts');
  startSdk(asked);
}
