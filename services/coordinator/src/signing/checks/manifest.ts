import {
  type Accepted,
  aggregateRoot,
  eachChunk,
  type M0,
  type M4,
  manifestBody,
  recoverSecrets,
} from '@sumveil/secagg';
import { dedupeKey, type Leaf } from '@sumveil/transparency';
import { hashOfDigest, sha256, signBody } from '@sumveil/wire';
import type { Message } from '../../generated/prisma/client.ts';
import type { Check, CheckContext } from '../check.ts';
import { refuse } from '../refusal.ts';
import { type SignedAttempt, signedAttempt, signedList, verifiedMessages } from './attempt.ts';

/**
 * The manifest publishes secrets of tenants, so they are reconstructed here again from what the tenants signed, and held
 * against their commitments; the sums have the digests of the rows; the release is charged, logged and under a quorum.
 */
export const checkManifest: Check = async (context, subject, body) => {
  const attempt = await signedAttempt(context, subject);
  if (!attempt) return refuse('UNKNOWN_SUBJECT');
  if (await context.log.frozen(context.tx)) return refuse('FROZEN');
  const [u1, u2, u3] = [
    await signedList(context, subject, 'u1'),
    await signedList(context, subject, 'u2'),
    await signedList(context, subject, 'u3'),
  ];
  if (!u1 || !u2 || !u3) return refuse('LIST_DIFFERS');
  if (u3.members.length < attempt.plan.minSurvivors) return refuse('TOO_FEW');
  const aggRoot = await sumRoot(context, attempt);
  if (!aggRoot) return refuse('SECRETS');
  const m0s = (await verifiedMessages(context, attempt, 'm0'))
    .filter((m) => u1.members.includes(m.idx))
    .map(accepted<M0>);
  const m4s = (await verifiedMessages(context, attempt, 'm4'))
    .filter((m) => u3.members.includes(m.idx))
    .map(accepted<M4>);
  const secrets = recoverSecrets({ plan: attempt.plan, u2: u2.members, u3: u3.members, m0s, m4s });
  const u3Hash = Buffer.from(u3.listHash, 'base64url');
  const expected = manifestBody({ plan: attempt.plan, u3: u3.members, u3Hash, aggRoot, secrets });
  if (!expected.equals(body)) return refuse('SECRETS');
  if (!(await isCharged(context, attempt))) return refuse('CHARGE');
  if (!(await context.log.covered(releaseKey(attempt), context.tx))) return { wait: 'quorum' };
  return { sign: signBody('manifest', body, context.keys.coordinator).sig };
};

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

async function isCharged({ tx }: CheckContext, { row }: SignedAttempt): Promise<boolean> {
  const { runId, round, attempt } = row;
  const charges = await tx.privacyCharge.findMany({ where: { runId, round, attempt } });
  return charges.length > 0 && charges.every((charge) => charge.totalMicro <= charge.capMicro);
}

function releaseKey({ row }: SignedAttempt): string {
  const { runId: run, round, attempt } = row;
  return dedupeKey({ type: 'aggregate.released', run, round, attempt } as unknown as Leaf);
}

function accepted<T>(message: Message): Accepted<T> {
  return {
    idx: message.idx,
    body: JSON.parse(Buffer.from(message.body).toString('utf8')) as T,
    signed: { body: message.body, sig: message.sig },
    bodyHash: sha256(message.body),
  };
}
