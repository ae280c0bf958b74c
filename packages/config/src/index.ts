export { describeConfig } from './describe.ts';
export { ConfigError, type ConfigErrorCode, type ConfigFault } from './error.ts';
export { filePath, flag, integer, jsonObject, list, milliseconds, oneOf, port, secret, text, url } from './fields.ts';
export { type ConfigSource, loadConfig, redactedConfig } from './load.ts';
export { readPrivateFile } from './private-file.ts';
