import { type Attributes, metrics as api, type Meter } from '@opentelemetry/api';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { serialise } from './fields.ts';

/** Labels are a closed list of low-cardinality words; none of them can name a tenant. */
export const labelNames = [
  'code',
  'kind',
  'listener',
  'method',
  'outcome',
  'phase',
  'queue',
  'route',
  'status',
  'topic',
] as const;
export type LabelName = (typeof labelNames)[number];
export type Labels = { readonly [L in LabelName]?: string | number };

export interface Metrics {
  /** Name without `_total`. */
  counter(name: string, help: string, labels?: readonly LabelName[]): { add(by?: number, labels?: Labels): void };
  histogram(
    name: string,
    help: string,
    options: { unit: 's' | 'By'; buckets: readonly number[]; labels?: readonly LabelName[] },
  ): { record(value: number, labels?: Labels): void };
  /** Read when somebody scrapes. */
  gauge(name: string, help: string, read: () => number | readonly GaugeValue[], labels?: readonly LabelName[]): void;
  /** Prometheus text format 0.0.4. */
  text(): Promise<string>;
}

export interface GaugeValue {
  readonly value: number;
  readonly labels: Labels;
}

export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** Reads on demand and listens on nothing: `/metrics` is a route of the process's own operations listener. */
class ScrapeReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/**
 * Instruments of one process. They are written twice: to the text of {@link Metrics.text}, and to the OpenTelemetry SDK
 * when the preload has started one.
 */
export function createMetrics(_options: { process: string }): Metrics {
  const reader = new ScrapeReader();
  const provider = new MeterProvider({ readers: [reader] });
  const meters: Meter[] = [provider.getMeter('sumveil'), api.getMeter('sumveil')];
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);

  return {
    counter(name, help, allowed = []) {
      const instruments = meters.map((meter) => meter.createCounter(name, { description: help }));
      return {
        add(by = 1, labels = {}) {
          for (const instrument of instruments) instrument.add(by, attributes(labels, allowed));
        },
      };
    },
    histogram(name, help, { unit, buckets, labels: allowed = [] }) {
      const advice = { explicitBucketBoundaries: [...buckets] };
      const instruments = meters.map((meter) => meter.createHistogram(name, { description: help, unit, advice }));
      return {
        record(value, labels = {}) {
          for (const instrument of instruments) instrument.record(value, attributes(labels, allowed));
        },
      };
    },
    gauge(name, help, read, allowed = []) {
      for (const meter of meters) {
        meter.createObservableGauge(name, { description: help }).addCallback((result) => {
          const values = read();
          if (typeof values === 'number') return result.observe(values);
          for (const { value, labels } of values) result.observe(value, attributes(labels, allowed));
        });
      }
    },
    async text() {
      const { resourceMetrics } = await reader.collect();
      return serializer.serialize(resourceMetrics);
    },
  };
}

/** Labels that the instrument was not made with are left out; a value of the wrong form counts as `other`. */
function attributes(labels: Labels, allowed: readonly LabelName[]): Attributes {
  const out: Attributes = {};
  for (const name of allowed) {
    const value = labels[name];
    if (value !== undefined) out[name] = String(serialise(name, name === 'status' ? Number(value) : value) ?? 'other');
  }
  return out;
}
