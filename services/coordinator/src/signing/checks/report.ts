import { countQuorum, IN_TOTO_TYPE, parseStatement, type Statement } from '@sumveil/transparency';
import { digestOf, dsseBytes, keyIdOf, signDsse, writtenDigest } from '@sumveil/wire';
import { publishedEpochs, rosterAtSize } from '../../log/epochs.ts';
import { type Check, type CheckContext, carriesOwnKeys } from '../check.ts';
import { refuse } from '../refusal.ts';

const CHECKPOINT = 'log/checkpoint';

/**
 * A bundle is sealed when every file that its statement names is read and hashed again, the model version exists, and its
 * checkpoint has the quorum of the roster in force. Files are content-addressed, so the statement is all that is sent.
 */
export const checkReport: Check = async (context, subject, body) => {
  if (digestOf(body) !== subject) return refuse('UNKNOWN_SUBJECT');
  const statement = parseStatement({ payload: body.toString('base64'), payloadType: IN_TOTO_TYPE, signatures: [] });
  const { model, version, modelDigest, asOf } = statement.predicate;
  const row = await context.tx.modelVersion.findUnique({ where: { model_version: { model, version } } });
  if (row?.digest !== modelDigest || !statement.predicate.runs.includes(row.runId)) return refuse('UNKNOWN_SUBJECT');
  const checkpoint = await hashAgain(context, statement);
  if (!checkpoint) return refuse('FILES');
  const roster = await rosterAtSize(
    context.tx,
    context.log.origin,
    await publishedEpochs(context.tx, context.log.origin),
    BigInt(asOf.size),
  );
  if (!roster || !carriesOwnKeys(context.keys, roster)) return refuse('ROSTER');
  const quorum = countQuorum(checkpoint, roster);
  const same = quorum.checkpoint.size === asOf.size && writtenDigest(quorum.checkpoint.root) === asOf.root;
  if (!quorum.ok || !same) return refuse('QUORUM');
  const key = Buffer.from(context.keys.published.reportKey, 'base64url');
  return { sign: dsseBytes(signDsse(IN_TOTO_TYPE, body, context.keys.report, keyIdOf(key))) };
};

/** Reads every subject from the store, which hashes what it reads. @returns the checkpoint's bytes, undefined when a file is missing */
async function hashAgain({ artifacts }: CheckContext, statement: Statement): Promise<Buffer | undefined> {
  let checkpoint: Buffer | undefined;
  for (const { name, digest } of statement.subject) {
    const written = `sha256:${digest.sha256}`;
    if (!(await artifacts.has(written))) return undefined;
    const bytes = await artifacts.get(written);
    if (name === CHECKPOINT) checkpoint = bytes;
  }
  return checkpoint;
}
