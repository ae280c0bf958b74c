export { checkData, type DataFault, type DataFaultCode } from './data/check.ts';
export { parseNumber, type Table } from './data/table.ts';
export { LearningError, type LearningErrorCode } from './error.ts';
export { type History, judgeGuards, normOf, type RoundFacts, type Trip } from './guards/judge.ts';
export { type GuardName, guardNames, type Thresholds, thresholdsOf } from './guards/thresholds.ts';
export { aucExact, aucFromHistograms, scoreBin } from './metrics/auc.ts';
export { aucDifference, aucInterval, type Interval } from './metrics/delong.ts';
export { accuracy, meanLoss, rootMeanSquare } from './metrics/ratios.ts';
export type { Batch, ModelKind } from './models/kind.ts';
export { addRidge } from './models/ridge.ts';
export { type Random, seededRandom, shuffle } from './random.ts';
export { type AggregateInput, applyAggregate, serverLearningRate, strategyOf } from './rounds/apply-aggregate.ts';
export { type AuxSums, auxSums } from './rounds/aux-sums.ts';
export { lossSum, type Metrics, metricSums, roundMetrics, type Scores } from './rounds/metrics.ts';
export {
  localMoments,
  type Moments,
  momentSums,
  momentsFromSums,
  momentsOf,
  standardised,
} from './rounds/standardise.ts';
export { readModel, writeModel } from './safetensors.ts';
export { fedAvg } from './strategies/fed-avg.ts';
export { fedSgd } from './strategies/fed-sgd.ts';
export type { ServerOptions, Strategy } from './strategies/strategy.ts';
export { checkPlanLearning, checkStages } from './task/check.ts';
export { checkModel } from './task/check-model.ts';
export { type Column, designColumns } from './task/columns.ts';
export type { PlanFault } from './task/fault.ts';
export { initialModel, MEAN, modelKind, modelTensors, STD } from './task/model.ts';
export { type Feature, parseTask, type TrainTask, trainTask } from './task/schema.ts';
export {
  type AuxSpec,
  evaluateStage,
  type Stage,
  type StageKind,
  stageAux,
  stageKind,
  statisticsStage,
  trainStage,
  type WeightSpec,
} from './task/stages.ts';
export {
  type Dtype,
  elements,
  flatLength,
  flatten,
  type Model,
  type Tensor,
  type TensorShape,
  unflatten,
} from './tensor.ts';
