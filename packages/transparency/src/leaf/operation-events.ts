import { z } from 'zod';
import { event } from './envelope.ts';
import { code, count, digest, id, keyId, name, ref, ticket, timestamp, unixSeconds } from './fields.ts';

const belowQuorum = {
  size: count,
  root: digest,
  have: count,
  needs: count,
  keyId: keyId.optional(),
  requestDigest: digest.optional(),
  answer: code.optional(),
};
const rotated = { use: code, keyIdOld: keyId, keyIdNew: keyId, rosterEpoch: count };
const writer = { resource: name, staleEpoch: count.optional(), currentEpoch: count, replica: name };
const read = {
  auditorRef: ref,
  question: code.optional(),
  bundleDigest: digest.optional(),
  subject: name,
  asOfSize: count,
  reasonDigest: digest,
  resultDigest: digest,
};
const retention = { class: code, count, ticket };

/** The log's own witnesses and keys. */
export const logEvents = {
  'witness.cosigned': event(
    { size: count, root: digest, keyIds: z.array(keyId).max(1000), firstTime: unixSeconds, lastTime: unixSeconds },
    'size',
  ),
  'witness.below_quorum': event(belowQuorum, 'size'),
  'witness.fork_detected': event(belowQuorum, 'keyId', 'requestDigest'),
  'log.succeeded': event(
    { originOld: name, sizeOld: count, rootOld: digest, approvals: z.array(ticket).min(2).max(100) },
    'originOld',
    'sizeOld',
  ),
  'key.rotated': event(rotated, 'use', 'keyIdNew'),
  'ca.rotated': event(rotated, 'use', 'keyIdNew'),
};

/** What happened to the system itself, and who looked. */
export const operationEvents = {
  'writer.fenced': event(writer, 'resource', 'currentEpoch', 'replica', 'id'),
  'signer.activated': event(writer, 'resource', 'currentEpoch'),
  'sign.refused': event({ kind: code, subject: name, code }, 'kind', 'subject', 'code'),
  'recovery.reconciled': event({ kind: code, count }, 'id'),
  'fsck.completed': event({ size: count, root: digest, result: code }, 'id'),
  'breakglass.used': event({ action: code, ticket, expiresAt: timestamp }, 'id'),
  'config.changed': event({ digestOld: digest.optional(), digestNew: digest }, 'id'),
  'audit.read': event(read, 'id'),
  'report.exported': event(read, 'id'),
  /** Counted over a window: a flood of denials is one leaf, not a flood of leaves. */
  'access.denied': event({ listener: id, code, count, window: count }, 'id'),
  'retention.applied': event(retention, 'id'),
  'erasure.completed': event(retention, 'id'),
};
