export {
  APPROVAL_TYPE,
  type Approval,
  type ApproverRole,
  approvalPayload,
  approverRole,
  buildApproval,
  parseApproval,
  type SubjectKind,
  subjectKind,
  type Ticket,
  ticket,
  verifyApproval,
} from './approval.ts';
export {
  APPROVERS_TYPE,
  type ApproverList,
  approverListPayload,
  buildApproverList,
  parseApproverList,
  verifyApproverList,
} from './approver-list.ts';
export {
  type ApprovalCount,
  approvalsByTenant,
  approvalsOn,
  type Cohort,
  type CohortQuestion,
  cohortOf,
  type SubjectQuestion,
  type TenantRow,
} from './cohort.ts';
export { envelopeDigest } from './envelope.ts';
export { ApprovalsError, type ApprovalsErrorCode } from './error.ts';
export { buildGrant, GRANT_TYPE, type Grant, grantDigest, grantPayload, parseGrant, verifyGrant } from './grant.ts';
export {
  type CountedApproval,
  MAX_APPROVAL_MS,
  type ReasonCode,
  type TenantQuestion,
  type TenantVerdict,
  tenantInCohort,
} from './tenant-in-cohort.ts';
