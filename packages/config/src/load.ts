import type { z } from 'zod';
import { ConfigError, type ConfigFault } from './error.ts';
import { readPrivateFile } from './private-file.ts';
import { type Variable, variablesOf } from './variable.ts';

export interface ConfigSource {
  /** Start of every variable of this process, for example `SUMVEIL_`. */
  readonly prefix: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly argv?: readonly string[];
  /** Names with the prefix that belong to somebody else and are not an error. */
  readonly allow?: readonly string[];
  readonly print?: (text: string) => void;
  readonly exit?: (code: number) => never;
}

/**
 * The configuration of one process, read once (architecture section 4). With `--print-config` among the arguments it is
 * printed with secrets left out and the process ends with 0.
 *
 * @throws ConfigError `CONFIG` with every fault: unknown variable, missing or wrong value, a secret that is not in a
 *   private file
 */
export function loadConfig<S extends z.ZodObject>(schema: S, source: ConfigSource): z.output<S> {
  const variables = variablesOf(schema, source.prefix);
  const faults = unknownVariables(variables, source);
  const raw: Record<string, string> = {};
  const unread = new Set<string>();
  for (const variable of variables) {
    try {
      const value = rawValue(variable, source.env);
      if (value !== undefined) raw[variable.key] = value;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      unread.add(variable.key);
      faults.push({ variable: variable.name, problem: error.message });
    }
  }
  const parsed = schema.safeParse(raw);
  for (const issue of parsed.error?.issues ?? []) {
    const variable = variables.find(({ key }) => key === issue.path[0]);
    if (variable && unread.has(variable.key)) continue;
    const missing = variable !== undefined && !(variable.key in raw);
    faults.push({ variable: variable?.name ?? '(all)', problem: missing ? 'is not set' : issue.message });
  }
  if (faults.length > 0 || !parsed.success) {
    throw new ConfigError('CONFIG', 'The configuration is not usable; correct these and start again:', faults);
  }
  if (source.argv?.includes('--print-config')) printAndExit(variables, parsed.data, source);
  return parsed.data as z.output<S>;
}

/** The configuration as JSON with every secret replaced. */
export function redactedConfig(schema: z.ZodObject, config: Readonly<Record<string, unknown>>): string {
  return redacted(variablesOf(schema, ''), config);
}

function redacted(variables: readonly Variable[], config: Readonly<Record<string, unknown>>): string {
  const shown = variables.map(({ key, secret }) => [
    key,
    secret && config[key] !== undefined ? '(secret)' : config[key],
  ]);
  return `${JSON.stringify(Object.fromEntries(shown), null, 2)}\n`;
}

function printAndExit(variables: readonly Variable[], config: Record<string, unknown>, source: ConfigSource): never {
  (source.print ?? ((text) => process.stdout.write(text)))(redacted(variables, config));
  return (source.exit ?? process.exit)(0);
}

/** A mistyped name would otherwise leave a default in force without a word. */
function unknownVariables(variables: readonly Variable[], { env, prefix, allow = [] }: ConfigSource): ConfigFault[] {
  const known = new Set([...variables.map(({ name }) => name), ...allow]);
  const inline = new Map(variables.filter(({ secret }) => secret).map(({ name }) => [name.slice(0, -5), name]));
  return Object.keys(env)
    .filter((name) => name.startsWith(prefix) && env[name] !== undefined && !known.has(name))
    .toSorted()
    .map((variable) => {
      const file = inline.get(variable);
      const problem = file
        ? `is a secret and is read from a file only; set ${file}`
        : 'is not a variable of this process';
      return { variable, problem };
    });
}

function rawValue(variable: Variable, env: ConfigSource['env']): string | undefined {
  const value = env[variable.name];
  if (value === undefined || !variable.secret) return value;
  return readPrivateFile(value)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
