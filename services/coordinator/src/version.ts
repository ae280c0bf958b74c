import { readFileSync } from 'node:fs';

const file = new URL('../package.json', import.meta.url);

/** Version of this coordinator; all workspaces have the same. */
export const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
