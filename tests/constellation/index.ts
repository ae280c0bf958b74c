export { type CoordinatorOptions, once, startCoordinatorProcess, urlsOf } from './coordinator.ts';
export { fastTimings } from './fast-timings.ts';
export { type HoldingProxy, startHoldingProxy } from './holding-proxy.ts';
export { tokenOf } from './oidc.ts';
export type { PersonEntry } from './people.ts';
export { startTestPostgres, type TestPostgres } from './postgres.ts';
export type { StartedProcess } from './process.ts';
export { type OwnRedis, startOwnRedis, startTestRedis } from './redis.ts';
export {
  connectorTarget,
  coordinatorTarget,
  postgresTarget,
  redisTarget,
  type StrikeTarget,
} from './strike-target.ts';
export { type CommandResult, mustSumveil, sumveil } from './sumveil.ts';
export { connectorReady, invite, startConnector, type Tenant, type TenantSpec } from './tenant.ts';
export { decideOn, declareApprovers, pinRoster, startWorld, type World, type WorldOptions } from './world.ts';
