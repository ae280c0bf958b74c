export { exitCode } from './exit-code.ts';
export { run, type Streams } from './program.ts';
