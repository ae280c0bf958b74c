import { digest, digestOf } from '@sumveil/wire';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { ConnectorError } from '../error.ts';

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected HH:MM');
const day = z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']);

/** Hours in which this site trains and uploads; `to` before `from` runs over midnight. */
const window = z.strictObject({
  days: z.array(day).min(1),
  from: clock,
  to: clock,
  tz: z.string().refine(isTimeZone, 'expected an IANA time zone such as Europe/Berlin'),
});
export type PolicyWindow = z.infer<typeof window>;

/**
 * Limits that the tenant sets and nobody can widen (governance section 3). An unknown key is a fault: a misspelt limit
 * would otherwise be no limit.
 */
export const localPolicySchema = z.strictObject({
  minCohort: z.int().min(2).max(1_000).default(5),
  minHonest: z.int().min(2).max(1_000).default(3),
  maxEpsilonRoundMicro: z.int().min(0).optional(),
  maxEpsilonTotalMicro: z.int().min(0).optional(),
  /** least 1/δ that a plan may charge with */
  deltaInv: z.int().min(1).optional(),
  /** where this site's data lies; a plan whose regions do not name it is refused, whatever the coordinator has on file */
  region: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,32}$/)
    .optional(),
  codeDigests: z.array(digest).min(1).optional(),
  /** base models a run may start from */
  modelDigests: z.array(digest).min(1).optional(),
  /** `sha256:<hex>` of RFC 8785 `{features, label}` of plan tasks */
  dataSchemas: z.array(digest).min(1).optional(),
  windows: z.array(window).min(1).optional(),
  maxRounds: z.int().min(1).optional(),
  /** bytes of all chunks of one round */
  maxUploadBytes: z.int().min(1).optional(),
  /** wall time of one training */
  maxTrainSeconds: z.int().min(1).max(86_400).default(3_600),
});
export type LocalPolicy = z.infer<typeof localPolicySchema>;

export interface PolicyInForce {
  readonly policy: LocalPolicy;
  /** of the file's bytes; of an empty file when there is none */
  readonly digest: string;
}

/** @throws ConnectorError `LOCAL_POLICY` with every fault */
export function parseLocalPolicy(bytes: Uint8Array): PolicyInForce {
  const parsed = localPolicySchema.safeParse(readYaml(bytes) ?? {});
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'file'}: ${issue.message}`);
    throw policyFault(faults.join('; '));
  }
  return { policy: parsed.data, digest: digestOf(bytes) };
}

function readYaml(bytes: Uint8Array): unknown {
  if (bytes.byteLength > 65_536) throw policyFault('longer than 64 KiB');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw policyFault('not UTF-8');
  }
  const document = parseDocument(text, { schema: 'core', uniqueKeys: true, strict: true });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault) throw policyFault(fault.message.split('\n')[0]!);
  return document.toJS({ maxAliasCount: 0 });
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function policyFault(what: string): ConnectorError {
  return new ConnectorError(
    'LOCAL_POLICY',
    `The local policy has faults: ${what}.`,
    'Correct the file; nothing runs without it.',
  );
}
