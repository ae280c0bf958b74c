export { federatedTrajectory, floatTrajectory, quantisationBound, type Trajectory } from './harness.ts';
export { HOSPITALS, type Hospital, heartFolder, referenceFile } from './hospitals.ts';
export { HEART_AGGREGATION, type HeartPlanInput, heartPlan, heartStages, type PlanWithModel } from './plan.ts';
export { hospitalDatasets, type PreparedHospital, prepareHospitals } from './prepare.ts';
export { heartTask } from './task.ts';
