export { type Airline, readAirlines } from './airlines.ts';
export { type Comparison, compareSeed } from './compare.ts';
export {
  BIRDSTRIKES_AGGREGATION,
  type BirdstrikesPlanInput,
  birdstrikesPlan,
  birdstrikesStages,
  type PlanWithModel,
} from './plan.ts';
export { type PooledScores, pooledBaseline, pooledScores, readDatasets } from './pooled-baseline.ts';
export { type PreparedAirline, prepareAirlines } from './prepare.ts';
export { birdstrikesTask, ROUNDS, SPLIT_SEED } from './task.ts';
