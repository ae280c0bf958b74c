export type LearningErrorCode = 'SAFETENSORS' | 'TASK' | 'SHAPE' | 'NUMERIC';

/** A model file, task or vector that learning cannot work with. */
export class LearningError extends Error {
  readonly code: LearningErrorCode;

  constructor(code: LearningErrorCode, message: string) {
    super(message);
    this.name = 'LearningError';
    this.code = code;
  }
}
