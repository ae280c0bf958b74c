export { errorCode, newCorrelationId } from './error-code.ts';
export type { Context, EventFields, EventName, Level } from './events.ts';
export type { FieldName } from './fields.ts';
export { createLogger, type Logger, type LoggerOptions } from './logger.ts';
export {
  createMetrics,
  type GaugeValue,
  type LabelName,
  type Labels,
  labelNames,
  type Metrics,
  metricsContentType,
} from './metrics.ts';
export { observeRuntime } from './runtime-metrics.ts';
export { shutdownTelemetry } from './shutdown.ts';
export { type SpanFields, traced } from './span.ts';
