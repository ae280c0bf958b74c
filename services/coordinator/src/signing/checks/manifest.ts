import {
  type Accepted,
  aggregateRoot,
  eachChunk,
  type M0,
  type M4,
  manifestBody,
  recoverSecrets,
} from '@sumveil/secagg';
import { hashOfDigest, sha256, signBody } from '@sumveil/wire';
import type { Message } from '../../generated/prisma/client.ts';
import type { Check, CheckContext } from '../check.ts';
import { refuse } from '../refusal.ts';
import { type SignedAttempt, signedAttempt, signedList, verifiedMessages } from './attempt.ts';
import { releaseFault, releaseKey } from './release.ts';

/**
 * The manifest publishes secrets of tenants, so they are reconstructed here again from what the tenants signed, and held
 * against their commitments; the sums have the digests of the rows; the release is decided, charged, logged with just this
 * content, and under a quorum.
 */
export const checkManifest: Check = async (context, subject, body) => {
  const attempt = await signedAttempt(context, subject);
  if (!attempt) return refuse('UNKNOWN_SUBJECT');
  if (await context.log.frozen(context.tx)) return refuse('FROZEN');
  const lists = await threeLists(context, subject);
  if (!lists) return refuse('LIST_DIFFERS');
  if (lists.u3.members.length < attempt.plan.minSurvivors) return refuse('TOO_FEW');
  const fault = await releaseFault(context, attempt, body);
  if (fault) return refuse(fault);
  // Reconstruction is the costly part: it is done once, when the witnesses have answered.
  if (!(await context.log.covered(releaseKey(attempt), context.tx))) return { wait: 'quorum' };
  const expected = await manifestOf(context, attempt, lists);
  return expected?.equals(body)
    ? { sign: signBody('manifest', body, context.keys.coordinator).sig }
    : refuse('SECRETS');
};

type Lists = Record<'u1' | 'u2' | 'u3', { members: number[]; listHash: string }>;

async function threeLists(context: CheckContext, attemptId: string): Promise<Lists | undefined> {
  const u1 = await signedList(context, attemptId, 'u1');
  const u2 = await signedList(context, attemptId, 'u2');
  const u3 = await signedList(context, attemptId, 'u3');
  return u1 && u2 && u3 && { u1, u2, u3 };
}

/** The body that follows from what the tenants signed and what was summed; undefined while a part is missing. */
async function manifestOf(context: CheckContext, attempt: SignedAttempt, lists: Lists): Promise<Buffer | undefined> {
  const aggRoot = await sumRoot(context, attempt);
  if (!aggRoot) return undefined;
  const { plan } = attempt;
  const [u1, u2, u3] = [lists.u1.members, lists.u2.members, lists.u3.members];
  const m0s = (await verifiedMessages(context, attempt, 'm0')).filter((m) => u1.includes(m.idx)).map(accepted<M0>);
  const m4s = (await verifiedMessages(context, attempt, 'm4')).filter((m) => u3.includes(m.idx)).map(accepted<M4>);
  const secrets = recoverSecrets({ plan, u2, u3, m0s, m4s });
  return manifestBody({ plan, u3, u3Hash: Buffer.from(lists.u3.listHash, 'base64url'), aggRoot, secrets });
}

/** Root over the unmasked chunks, undefined while one is missing or when it is not the root of the attempt. */
async function sumRoot({ tx }: CheckContext, { row, plan }: SignedAttempt): Promise<Buffer | undefined> {
  const sums = await tx.sumChunk.findMany({ where: { attemptId: row.id } });
  const digests = new Map(sums.map((sum) => [`${sum.segment}/${sum.chunk}`, sum.digest]));
  const hashes: Buffer[] = [];
  for (const { segment, chunk } of eachChunk(plan)) {
    const digest = digests.get(`${segment}/${chunk}`);
    if (!digest) return undefined;
    hashes.push(hashOfDigest(digest));
  }
  const root = aggregateRoot(plan, hashes);
  return row.aggRoot && root.equals(row.aggRoot) ? root : undefined;
}

function accepted<T>(message: Message): Accepted<T> {
  return {
    idx: message.idx,
    body: JSON.parse(Buffer.from(message.body).toString('utf8')) as T,
    signed: { body: message.body, sig: message.sig },
    bodyHash: sha256(message.body),
  };
}
