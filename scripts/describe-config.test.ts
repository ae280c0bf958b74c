import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CONFIGURATION_PAGE, configurationTables, withTables } from './describe-config.ts';

test('the configuration page says what the schemas say: npx node scripts/describe-config.ts writes it anew', () => {
  const page = readFileSync(CONFIGURATION_PAGE, 'utf8');
  expect(withTables(page)).toBe(page);
});

test('secrets are named by the variable of their file', () => {
  const tables = configurationTables();
  expect(tables).toContain('| `SUMVEIL_SEAL_KEY_FILE` | secret file');
  expect(tables).not.toContain('`SUMVEIL_SEAL_KEY`');
});

test('a page without its marks is not overwritten', () => {
  expect(() => withTables('# Configuration\n')).toThrow('has lost the marks');
});
