import { listBody } from '@sumveil/secagg';
import { sha256, signBody } from '@sumveil/wire';
import type { Check, CheckContext } from '../check.ts';
import { refuse } from '../refusal.ts';
import {
  fieldOf,
  type MessageKind,
  type SignedAttempt,
  signedAttempt,
  signedList,
  verifiedMessages,
} from './attempt.ts';

const phases = {
  u1: { kind: 'm0', before: undefined, names: undefined },
  u2: { kind: 'm1', before: 'u1', names: 'dirHash' },
  u3: { kind: 'm2', before: 'u2', names: 'u2Hash' },
} as const;

/**
 * U1, U2 or U3: every member's message verifies and names the list before, the set only shrinks, and at least
 * `minSurvivors` are left (secure-aggregation.md section 10). The signer never signs two lists of one phase, because the
 * subject admits one body.
 */
export const checkList: Check = async (context, subject, body) => {
  const [attemptId, phase] = subject.split('/') as [string, keyof typeof phases | undefined];
  if (!phase || !Object.hasOwn(phases, phase)) return refuse('UNKNOWN_SUBJECT');
  const attempt = await signedAttempt(context, attemptId);
  if (!attempt) return refuse('UNKNOWN_SUBJECT');
  const claimed = JSON.parse(body.toString('utf8')) as { members?: unknown };
  const members = Array.isArray(claimed.members) ? (claimed.members as number[]) : [];
  const items = await itemsOf(context, attempt, phase, members);
  if (!items || !listBody(attempt.plan.planHash, phase, items).equals(body)) return refuse('LIST_DIFFERS');
  if (members.length < attempt.plan.minSurvivors) return refuse('TOO_FEW');
  return { sign: signBody('list', body, context.keys.coordinator).sig };
};

async function itemsOf(
  context: CheckContext,
  attempt: SignedAttempt,
  phase: keyof typeof phases,
  members: readonly number[],
) {
  const rule = phases[phase];
  const before = rule.before && (await signedList(context, attempt.row.id, rule.before));
  if (rule.before && !before) return undefined;
  const messages = await verifiedMessages(context, attempt, rule.kind satisfies MessageKind);
  const items = [];
  for (const idx of members) {
    const message = messages.find((m) => m.idx === idx);
    if (!message || (before && !before.members.includes(idx))) return undefined;
    if (before && fieldOf(message, rule.names!) !== before.listHash) return undefined;
    items.push({ idx, bodyHash: sha256(message.body) });
  }
  return items;
}
