import type { Metrics } from '@sumveil/learning';

/** `{test: {auc}}` → `{'test.auc'}`; a metric that the task does not have stays away, one that is undefined is null. */
export function flatMetrics(metrics: Metrics): Record<string, number | null> {
  const flat: Record<string, number | null> = {};
  for (const [part, values] of Object.entries(metrics)) {
    for (const [name, value] of Object.entries(values as Record<string, number | null | undefined>)) {
      if (value !== undefined) flat[`${part}.${name}`] = value;
    }
  }
  return flat;
}
