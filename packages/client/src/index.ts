export type { CallAnswer, CallInput, CallOptions, RouteTable } from './call.ts';
export { type Client, type ClientOptions, createClient } from './client.ts';
export { type Credentials, clientCredentials } from './credentials.ts';
export {
  bad,
  type Check,
  type CheckStatus,
  type Diagnosis,
  diagnose,
  exitCodeOf,
  good,
  type Verdict,
  warn,
} from './doctor/diagnosis.ts';
export { folderCheck } from './doctor/folder-check.ts';
export { linkChecks } from './doctor/link-checks.ts';
export { type Probe, probe } from './doctor/probe.ts';
export { diagnosisText, hanging, type Paint } from './doctor/text.ts';
export { clockCheck, expiryCheck } from './doctor/time-checks.ts';
export { ClientError, type ClientErrorCode, type ClientFault } from './error.ts';
