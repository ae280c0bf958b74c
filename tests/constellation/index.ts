export { type CoordinatorOptions, startCoordinatorProcess, urlsOf } from './coordinator.ts';
export { tokenOf } from './oidc.ts';
export type { PersonEntry } from './people.ts';
export { startTestPostgres } from './postgres.ts';
export type { StartedProcess } from './process.ts';
export { startTestRedis } from './redis.ts';
export { type CommandResult, mustSumveil, sumveil } from './sumveil.ts';
export { connectorReady, invite, startConnector, type Tenant, type TenantSpec } from './tenant.ts';
export { decideOn, declareApprovers, pinRoster, startWorld, type World, type WorldOptions } from './world.ts';
