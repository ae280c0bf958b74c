export type { Aggregation } from './plain-sum.ts';
export { roundFacts } from './round-facts.ts';
export { type Simulation, type SimulationResult, simulate } from './simulate.ts';
