import { z } from 'zod';
import { event, ofAttempt, ofRun } from './envelope.ts';
import { code, count, digest, id, phase, ref, refs, serial, ticket, timestamp } from './fields.ts';

const decided = {
  decisionId: id,
  action: code,
  effect: z.enum(['allow', 'deny']),
  cause: code,
  reasons: z.array(code).max(100),
  /** Of the RFC 8785 bytes of request and entities, which ship with the report. */
  inputDigest: digest,
  bundle: digest,
};
const grant = {
  ...ofRun,
  grantId: id,
  /** grantDigest of the grant before. */
  prevGrant: digest.optional(),
  grantDigest: digest,
  planDigest: digest,
  cohort: refs,
  expiresAt: timestamp,
};
const run = { ...ofRun, planDigest: digest, grantDigest: digest, reasonCode: code.optional() };
/** A person's act has a ticket of their own system; what the rounds do by themselves has none. */
const intervention = { ...run, ticket: ticket.optional() };
const runEnd = { ...ofRun, outcome: code, code: code.optional(), rounds: count, lastModelDigest: digest.optional() };
const roundEnd = { ...ofAttempt, survivors: count, dropped: refs, phase: code, code: code.optional() };
const updateFault = { ...ofAttempt, tenantRef: ref, code, serial, m2Digest: digest.optional() };

/** Policy decisions and the grants that rest on them. */
export const grantEvents = {
  'policy.bundle_activated': event(
    { digestOld: digest.optional(), digestNew: digest, approvals: z.array(ticket).min(1).max(4000) },
    'id',
  ),
  'policy.decided': event(decided, 'decisionId'),
  'grant.issued': event(grant, 'grantId'),
  'grant.expired': event(grant, 'grantId'),
  'gate.refused': event(
    {
      tenantRef: ref,
      grantDigest: digest,
      code: z.string().regex(/^GATE_[A-Z_]{1,32}$/),
      field: count.optional(),
      envelopeDigest: digest,
    },
    'envelopeDigest',
  ),
};

/** A run from its start to the leaf that states how many there are. */
export const runEvents = {
  'run.started': event(run, 'run'),
  'run.paused': event(intervention, 'run', 'runSeq'),
  'run.resumed': event(intervention, 'run', 'runSeq'),
  'run.completed': event(runEnd, 'run'),
  'run.aborted': event(runEnd, 'run'),
  'round.opened': event(
    {
      ...ofAttempt,
      planHash: digest,
      modelHash: digest,
      grantDigest: digest,
      cohort: refs,
      deadlineAt: timestamp,
      /** n < 5 or T−c < 3: below what connectors accept unless told otherwise. */
      belowDefault: z.boolean().optional(),
    },
    'run',
    'round',
    'attempt',
  ),
  'round.closed': event(roundEnd, 'run', 'round', 'attempt'),
  'round.aborted': event(roundEnd, 'run', 'round', 'attempt'),
  'phase.closed': event(
    { ...ofAttempt, phase, setSize: count, listHash: digest, cause: z.enum(['all', 'absent', 'deadline']) },
    'run',
    'round',
    'attempt',
    'phase',
  ),
  'update.accepted': event(
    { ...ofAttempt, tenantRef: ref, m2Digest: digest, chunkRoot: digest, serial },
    'run',
    'round',
    'attempt',
    'tenantRef',
  ),
  'update.rejected': event(updateFault, 'id'),
  'update.quarantined': event(updateFault, 'run', 'round', 'attempt', 'tenantRef'),
  'aggregate.computed': event(
    { ...ofAttempt, u3Hash: digest, aggRoot: digest, survivors: count },
    'run',
    'round',
    'attempt',
  ),
  'aggregate.released': event(
    { ...ofAttempt, aggRoot: digest, manifestDigest: digest, chargeId: id, decisionId: id },
    'run',
    'round',
    'attempt',
  ),
};
