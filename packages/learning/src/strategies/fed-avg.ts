import { addScaled, type Strategy } from './strategy.ts';

/**
 * FedAvg. Paper: McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized Data", AISTATS 2017,
 * algorithm 1; the server learning rate as in Reddi et al., ICLR 2021 (1 gives the paper's averaging).
 *
 * Update: model after the local steps minus incoming model. Weights: the plan's (rows, public size classes, or none).
 * Assumes: tenants start each round from the same model, and most of them answer.
 * Limits: with unlike data (non-IID) and many local steps the local models drift apart and the average is not a
 * minimum of the joint loss; the drift grows with local steps x learning rate. Size classes in place of rows shift
 * the average towards smaller tenants. A mean has no defence against a tenant that lies about its update.
 */
export const fedAvg: Strategy = {
  name: 'fedavg',
  serverStep: (model, meanUpdate, { learningRate }) => addScaled(model, meanUpdate, learningRate),
};
