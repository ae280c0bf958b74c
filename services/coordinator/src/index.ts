export { type EmbeddedPostgres, startEmbeddedPostgres } from './db/embedded.ts';
