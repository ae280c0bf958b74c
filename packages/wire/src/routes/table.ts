import * as attempts from './connector/attempts.ts';
import * as connectorRosters from './connector/roster.ts';
import * as connectorRuns from './connector/runs.ts';
import { tasks } from './connector/tasks.ts';
import { witnessAnswer, witnessPoll } from './connector/witness.ts';
import { enroll, renew } from './enrolment.ts';
import * as log from './management/log.ts';
import * as models from './management/models.ts';
import * as plans from './management/plans.ts';
import * as rosters from './management/rosters.ts';
import { abortRun, listRuns, pauseRun, resumeRun, runStatus, startRun } from './management/runs.ts';
import { changeSchedule, createSchedule, listSchedules, showSchedule } from './management/schedules.ts';
import { confirmInvitation, createTenant, inviteTenant, listTenants, revokeConnector } from './management/tenants.ts';

/** Every route of the coordinator by name. */
export const routes = {
  enroll,
  renew,
  tasks,
  ...connectorRosters,
  ...connectorRuns,
  ...attempts,
  witnessPoll,
  witnessAnswer,
  createTenant,
  listTenants,
  inviteTenant,
  confirmInvitation,
  revokeConnector,
  ...rosters,
  ...plans,
  startRun,
  listRuns,
  runStatus,
  pauseRun,
  resumeRun,
  abortRun,
  createSchedule,
  listSchedules,
  showSchedule,
  changeSchedule,
  ...models,
  ...log,
} as const;

export type RouteName = keyof typeof routes;
