import { addScaled, type Strategy } from './strategy.ts';

/**
 * FedSGD. Paper: McMahan et al., AISTATS 2017, section 2: one full-batch gradient per tenant and round, the server descends.
 *
 * Update: minus the gradient at the incoming model; the server multiplies by its learning rate. With weights n_i the mean
 * is exactly minus the gradient of the pooled mean loss, so the run equals centralised gradient descent up to quantisation:
 * the sharpest check of weighting, wire format and masking there is.
 * Assumes: exact row weights (with size classes the pooled loss is reweighted) and the same penalty at every tenant.
 * Limits: one small step per round, hence many rounds; a tenant that is away is missing from that step. The gradient
 * of a few rows can give them away, so the honest minimum of the cohort matters more than with FedAvg.
 */
export const fedSgd: Strategy = {
  name: 'fedsgd',
  serverStep: (model, meanUpdate, { learningRate }) => addScaled(model, meanUpdate, learningRate),
};
