import { z } from 'zod';
import { event } from './envelope.ts';
import {
  approverRole,
  code,
  count,
  digest,
  hash32,
  id,
  index,
  name,
  ref,
  refs,
  serial,
  subject,
  ticket,
  timestamp,
} from './fields.ts';

const tenant = { tenantRef: ref, region: code, reasonCode: code.optional() };
const roster = {
  rosterEpoch: z.int().min(1),
  rosterHash: digest,
  prevRoster: digest,
  members: z.array(z.strictObject({ idx: index, tenantRef: ref })).max(1000),
  witnessQuorum: count,
  approvedBy: z.array(index).max(1000),
};
const declared = { tenantRef: ref, digestOld: digest.optional(), digestNew: digest };
const plan = {
  planDigest: digest,
  baseModelDigest: digest,
  codeDigest: digest,
  requesterRef: ref,
  eligible: refs,
  minCohort: count,
  epsilonTotalMicro: count,
  deltaInv: count,
};
const approval = {
  approvalId: id,
  /** Of the envelope's RFC 8785 form. */
  envelopeDigest: digest,
  ticket,
  role: approverRole,
  approverRef: ref,
  tenantRef: ref,
  subject,
  expiresAt: timestamp,
  reasonCode: code.optional(),
};

/** Tenants, enrolment, certificates and rosters: who exists, under which keys. */
export const tenantEvents = {
  'tenant.created': event(tenant, 'tenantRef'),
  'tenant.suspended': event(tenant, 'id'),
  'tenant.reactivated': event(tenant, 'id'),
  'enrol.token_issued': event(
    {
      tenantRef: ref,
      tokenHash: digest,
      expiresAt: timestamp,
      spkiHash: digest.optional(),
      tickets: z.array(ticket).length(2),
    },
    'tokenHash',
  ),
  'connector.enrol_refused': event(
    {
      code,
      tokenHash: digest.optional(),
      /** Of the certificate that was to be replaced. */
      serial: serial.optional(),
      spkiHash: digest.optional(),
      tenantRef: ref.optional(),
    },
    'id',
  ),
  'connector.enrolled': event(
    {
      tenantRef: ref,
      connector: name,
      serial,
      spkiHash: digest,
      rosterKey: hash32,
      witnessKey: hash32,
      notBefore: timestamp,
      notAfter: timestamp,
      issuerSki: name,
      tokenHash: digest,
      secondFactor: z.enum(['none', 'tokenreview']),
    },
    'serial',
  ),
  'connector.renewed': event(
    {
      connector: name,
      serialOld: serial,
      serialNew: serial,
      spkiHashNew: digest,
      notAfter: timestamp,
      via: z.enum(['mtls', 'roster-key']),
    },
    'serialNew',
  ),
  'connector.revoked': event(
    { scope: z.enum(['serial', 'spki', 'tenant']), target: name, reasonCode: code, ticket },
    'scope',
    'target',
  ),
  'connector.evicted': event(
    { connector: name, serial, replica: name, socketsClosed: count, afterMs: count },
    'serial',
    'replica',
    'id',
  ),
  'roster.published': event(roster, 'rosterHash'),
  'roster.effective': event(roster, 'rosterHash'),
  'localpolicy.declared': event(declared, 'id'),
  'approvers.declared': event(declared, 'tenantRef', 'digestNew'),
};

/** Plans and what people say about them. */
export const planEvents = {
  'plan.submitted': event(plan, 'planDigest'),
  'plan.withdrawn': event(plan, 'planDigest'),
  'approval.granted': event(approval, 'envelopeDigest'),
  'approval.refused': event(approval, 'envelopeDigest'),
  'approval.expired': event(approval, 'envelopeDigest'),
  'approval.withdrawn': event(approval, 'envelopeDigest'),
};
