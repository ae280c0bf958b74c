type Env = Readonly<Record<string, string | undefined>>;

/**
 * Which signals the standard OTEL_ variables ask to be sent. The SDK's own default sends to localhost when nothing is
 * said; ours sends nothing.
 */
export function askedExporters(env: Env): { readonly traces: string; readonly metrics: string } | undefined {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return undefined;
  const traces = exporter(env, 'TRACES');
  const metrics = exporter(env, 'METRICS');
  return traces === 'none' && metrics === 'none' ? undefined : { traces, metrics };
}

function exporter(env: Env, signal: 'TRACES' | 'METRICS'): string {
  const named = env[`OTEL_${signal}_EXPORTER`];
  if (named) return named;
  const endpoint = env.OTEL_EXPORTER_OTLP_ENDPOINT || env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`];
  return endpoint ? 'otlp' : 'none';
}
