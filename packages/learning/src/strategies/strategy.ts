import { LearningError } from '../error.ts';

/** What the coordinator does with the mean update of a round. Pure: a new vector, the old one untouched. */
export interface Strategy {
  readonly name: 'fedavg' | 'fedsgd';
  serverStep(model: Float64Array, meanUpdate: Float64Array, options: ServerOptions): Float64Array;
}

export interface ServerOptions {
  /** Factor of the mean update. */
  readonly learningRate: number;
}

/** model + learningRate x meanUpdate. Throws SHAPE for unequal lengths, NUMERIC for a result that is not finite. */
export function addScaled(model: Float64Array, meanUpdate: Float64Array, learningRate: number): Float64Array {
  if (model.length !== meanUpdate.length) {
    throw new LearningError('SHAPE', `The update has ${meanUpdate.length} elements, the model ${model.length}.`);
  }
  const next = new Float64Array(model.length);
  for (let i = 0; i < next.length; i++) {
    const value = (model[i] as number) + learningRate * (meanUpdate[i] as number);
    if (!Number.isFinite(value)) {
      throw new LearningError(
        'NUMERIC',
        `The server step makes element ${i} not finite: lower the learning rate or clip.`,
      );
    }
    next[i] = value;
  }
  return next;
}
