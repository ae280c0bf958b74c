import { SpanStatusCode, trace } from '@opentelemetry/api';
import { errorCode } from './error-code.ts';
import { type FieldInput, type FieldName, serialise } from './fields.ts';

export type SpanFields = { readonly [F in FieldName]?: FieldInput<F> | undefined };

/**
 * Runs a piece of work as a span when OpenTelemetry is on. Attributes have the same forms as log fields, and a failure
 * leaves its code, not its message.
 *
 * @param name fixed text such as `round.close`, no value in it
 */
export async function traced<T>(name: string, fields: SpanFields, work: () => Promise<T>): Promise<T> {
  return trace.getTracer('sumveil').startActiveSpan(name, async (span) => {
    try {
      if (span.isRecording()) {
        for (const [field, value] of Object.entries(fields)) {
          const shown = serialise(field, value);
          if (shown !== undefined) span.setAttribute(`sumveil.${field}`, shown);
        }
      }
      return await work();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: errorCode(error) });
      throw error;
    } finally {
      span.end();
    }
  });
}
