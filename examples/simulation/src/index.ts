export type { Aggregation } from './plain-sum.ts';
export { type Simulation, type SimulationResult, simulate } from './simulate.ts';
