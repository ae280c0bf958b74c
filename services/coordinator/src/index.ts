export { type EmbeddedPostgres, startEmbeddedPostgres } from './db/embedded.ts';
export type { Timings } from './timings.ts';
