export { startTestPostgres } from './postgres.ts';
export type { StartedProcess } from './process.ts';
export { startTestRedis } from './redis.ts';
export { mustSumveil, sumveil } from './sumveil.ts';
export type { Tenant, TenantSpec } from './tenant.ts';
export { decideOn, declareApprovers, pinRoster, startWorld, type World, type WorldOptions } from './world.ts';
