export type ConfigErrorCode = 'CONFIG' | 'SECRET_FILE';

/** One thing wrong with one variable; `problem` never repeats a value. */
export interface ConfigFault {
  readonly variable: string;
  readonly problem: string;
}

/** Everything wrong with a configuration, in one error, so that one start shows it all. */
export class ConfigError extends Error {
  readonly code: ConfigErrorCode;
  readonly faults: readonly ConfigFault[];

  constructor(code: ConfigErrorCode, message: string, faults: readonly ConfigFault[] = []) {
    super([message, ...faults.map(({ variable, problem }) => `  ${variable}: ${problem}`)].join('\n'));
    this.name = 'ConfigError';
    this.code = code;
    this.faults = faults;
  }
}
