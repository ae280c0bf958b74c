export { colorsFor } from './colors.ts';
export { type CommandLine, commandLines } from './command-lines.ts';
export { reasonText } from './commands/run/reason-text.ts';
export { exitCode } from './exit-code.ts';
export { run, type Streams } from './program.ts';
