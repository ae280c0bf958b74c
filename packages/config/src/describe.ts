import type { z } from 'zod';
import { noteOf } from './fields.ts';
import { variablesOf } from './variable.ts';

/** Markdown table of a process's variables, for the generated reference. */
export function describeConfig(schema: z.ZodObject, options: { prefix: string }): string {
  const rows = variablesOf(schema, options.prefix).map(({ name, schema: member }) => {
    const note = noteOf(member);
    return `| \`${name}\` | ${cell(note?.type ?? 'text')} | ${fallback(member)} | ${cell(note?.description ?? '')} |`;
  });
  return ['| variable | value | default | meaning |', '|---|---|---|---|', ...rows, ''].join('\n');
}

function fallback(member: z.core.$ZodType): string {
  const def = member._zod.def as { type: string; defaultValue?: unknown; innerType?: z.core.$ZodType };
  if (def.type === 'default') return `\`${cell(JSON.stringify(def.defaultValue))}\``;
  if (def.type === 'optional') return 'none';
  return 'required';
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
