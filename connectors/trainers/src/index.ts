export { builtinTrainer } from './builtin.ts';
export { csvDataset, tableDataset } from './csv-dataset.ts';
export type { Dataset, Rows } from './dataset.ts';
export { TrainersError, type TrainersErrorCode } from './error.ts';
export { type LocalMetrics, localMetrics, metricsOf } from './local-metrics.ts';
export { type BaselineInput, loneBaseline, trainAlone } from './lone-baseline.ts';
export { type Prepared, prepare, prepareLocally, scores } from './prepared.ts';
export type { Trainer, TrainRequest, TrainResult } from './trainer.ts';
