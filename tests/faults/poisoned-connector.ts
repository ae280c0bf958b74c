import { readFileSync } from 'node:fs';
import { type LoadFnOutput, registerHooks } from 'node:module';
import { join } from 'node:path';

/**
 * A connector whose own site has turned against it: `poison.json` in its state folder says in which rounds its trainer hands over
 * what no plan allows, and in which it masks integers that no honest tenant has. Everything else is the connector as it is.
 */
const edits = [
  {
    file: 'connectors/runtime/src/rounds/quantise.ts',
    find: 'const item = stage.aux.find(',
    put: 'result = globalThis.poisonedResult(plan.round, result);\n  const item = stage.aux.find(',
  },
  {
    file: 'packages/secagg/src/tenant/mask.ts',
    find: 'checkIntegers(state.plan, input);',
    put: 'if (!globalThis.poisonedInput(state.plan.round, input)) checkIntegers(state.plan, input);',
  },
] as const;

interface Result {
  readonly update: Float64Array;
  readonly aux: Record<string, number[]>;
}

const results: Record<string, (result: Result) => object> = {
  nan: (result) => ({ ...result, update: result.update.with(0, Number.NaN) }),
  shape: (result) => ({ ...result, update: result.update.slice(1) }),
  norm: (result) => ({ ...result, update: result.update.map(() => 1e300) }),
  wrap: (result) => ({ ...result, aux: { ...result.aux, trainRows: [2 ** 52] } }),
};

function poison(round: number): string | undefined {
  const file = join(process.env.SUMVEIL_CONNECTOR_STATE_DIR!, 'poison.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>)[round];
}

Object.assign(globalThis, {
  poisonedResult: (round: number, result: Result) => results[poison(round) ?? '']?.(result) ?? result,
  /** True for integers far beyond the plan's bound, which are masked all the same. */
  poisonedInput(round: number, { model }: { model: Int32Array }): boolean {
    if (poison(round) !== 'garbage') return false;
    model.fill(2 ** 30);
    return true;
  },
});

const met = new Set<string>();
registerHooks({
  load(url, context, next): LoadFnOutput {
    const loaded = next(url, context);
    const edit = edits.find(({ file }) => url.endsWith(file));
    if (!edit) return loaded;
    const source = String(loaded.source);
    if (!source.includes(edit.find)) throw new Error(`${edit.file} has changed: it has no ${edit.find}`);
    met.add(edit.file);
    return { ...loaded, source: source.replace(edit.find, edit.put) };
  },
});

await import('../../connectors/runtime/src/main.ts');
if (met.size !== edits.length) throw new Error('not every part of the connector was poisoned');
