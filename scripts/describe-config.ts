import { readFileSync, writeFileSync } from 'node:fs';
import { CONFIG_PREFIX, connectorConfig } from '../connectors/runtime/src/config.ts';
import { describeConfig } from '../packages/config/src/index.ts';
import { apiSchema, signerSchema, workerSchema } from '../services/coordinator/src/config.ts';

export const CONFIGURATION_PAGE = 'docs/configuration.md';

const coordinator = 'SUMVEIL_';
const processes = [
  { name: 'api', schema: apiSchema, prefix: coordinator, entry: 'services/coordinator/src/main-api.ts' },
  { name: 'worker', schema: workerSchema, prefix: coordinator, entry: 'services/coordinator/src/main-worker.ts' },
  { name: 'signer', schema: signerSchema, prefix: coordinator, entry: 'services/coordinator/src/main-signer.ts' },
  { name: 'connector', schema: connectorConfig, prefix: CONFIG_PREFIX, entry: 'connectors/runtime/src/main.ts' },
];

/** A table for each process, from the schema that the process itself reads; the page cannot say what the code does not do. */
export function configurationTables(): string {
  return processes
    .map(({ name, schema, prefix, entry }) => {
      const table = describeConfig(schema, { prefix }).trimEnd();
      return `## ${name}\n\nRead by [\`${entry}\`](../${entry}).\n\n${table}`;
    })
    .join('\n\n');
}

const FROM = '<!-- generated: npx node scripts/describe-config.ts -->';
const TO = '<!-- end of the generated part -->';

/** @returns the page with its generated part written anew; what people wrote around it stays */
export function withTables(page: string): string {
  const [start, end] = [page.indexOf(FROM), page.indexOf(TO)];
  if (start < 0 || end < start) throw new Error(`${CONFIGURATION_PAGE} has lost the marks of its generated part.`);
  return `${page.slice(0, start + FROM.length)}\n\n${configurationTables()}\n\n${page.slice(end)}`;
}

if (import.meta.main) {
  writeFileSync(CONFIGURATION_PAGE, withTables(readFileSync(CONFIGURATION_PAGE, 'utf8')));
}
