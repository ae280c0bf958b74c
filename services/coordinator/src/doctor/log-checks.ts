import { bad, type Check, good, warn } from '@sumveil/client';
import { parseLeaf, peekCheckpoint } from '@sumveil/transparency';
import { filesystemStore } from '../artifacts/filesystem.ts';
import type { CommonConfig } from '../config.ts';
import { isFrozen } from '../log/freeze.ts';
import { createQuorum } from '../log/quorum.ts';
import { checkpointAt } from '../log/rows.ts';
import { rosterInForce } from '../roster/in-force.ts';
import type { Db } from './database-checks.ts';

/** A checkpoint that is younger waits for its witnesses as it should. */
const SETTLED_MS = 10_000;

/** Releases are frozen, or the newest checkpoint lacks witnesses, or neither. */
export async function logCheck(db: Db, config: CommonConfig): Promise<Check> {
  const log = config.logOrigin;
  if (await isFrozen(db, log)) return frozen(db, config);
  const quorum = createQuorum(log);
  const newest = await quorum.latest(db);
  if (!newest) return good('log', 'no checkpoint yet');
  const { size, at } = newest.checkpoint;
  const { have, needs } = await quorum.at(db, newest.checkpoint);
  const found = `${size} leaves, witnesses ${have} (needs ${needs})`;
  if (needs === 0 || have >= needs || Date.now() - at.getTime() < SETTLED_MS) return good('log', found);
  return warn(
    'log',
    found,
    'No run starts and no round is released until enough connectors are back: sumveil tenant list.',
  );
}

/** What the witness showed is kept under the digest that the leaf names, so that people learn which of the two cases this is. */
async function frozen(db: Db, config: CommonConfig): Promise<Check> {
  const shown = await shownSize(db, config).catch(() => undefined);
  const head = await db.auditHead.findUnique({ where: { log: config.logOrigin } });
  const here = head?.size ?? 0n;
  if (shown !== undefined && shown > here && !(await checkpointAt(db, config.logOrigin, shown))) {
    const found = `frozen: a witness holds this log, signed, at ${shown} leaves, and this database has ${here}. An older backup was restored`;
    const next =
      'Stop api, worker and signer, and restore the newest backup, to the last commit: that copy is not frozen. Without one, see “After a restore” in docs/operations.md.';
    return bad('log', found, next);
  }
  const where = shown === undefined ? '' : ` at ${shown} leaves`;
  const next =
    'Stop, keep database and artifacts, and compare with the witnesses’ notes: docs/operations.md, “After a restore”.';
  return bad('log', `frozen: a witness showed another history${where}, signed by this log’s key`, next);
}

async function shownSize(db: Db, { logOrigin, artifacts }: CommonConfig): Promise<bigint | undefined> {
  const rows = await db.$queryRaw<{ leaf: Uint8Array }[]>`
    SELECT leaf FROM audit_leaf WHERE log = ${logOrigin} AND key LIKE '["witness.fork_detected"%'
    UNION ALL SELECT leaf FROM audit_pending WHERE log = ${logOrigin} AND key LIKE '["witness.fork_detected"%'`;
  const store = await filesystemStore(artifacts, { create: false });
  let largest: bigint | undefined;
  for (const { leaf } of rows) {
    const { requestDigest } = parseLeaf(Buffer.from(leaf)) as { requestDigest?: string };
    if (requestDigest === undefined) continue;
    const size = BigInt(peekCheckpoint(await store.get(requestDigest)).size);
    if (largest === undefined || size > largest) largest = size;
  }
  return largest;
}

/** Roster in force, and how many of its connectors were heard of in the last minute. */
export async function rosterChecks(db: Db): Promise<Check[]> {
  const roster = await rosterInForce(db);
  if (!roster)
    return [
      warn(
        'roster',
        'no roster is in force',
        'No run starts before every founder has pinned epoch 1: sumveil roster status.',
      ),
    ];
  const members = roster.members.map(({ tenantRef }) => tenantRef);
  const [row] = await db.$queryRaw<{ heard: number }[]>`
    SELECT count(*)::int AS heard FROM presence WHERE tenant_ref = ANY(${members}) AND seen_at > now() - interval '60 seconds'`;
  const heard = `${row!.heard} of ${members.length} connectors heard of within a minute`;
  const force = good('roster', `epoch ${roster.epoch} with ${members.length} members is in force`);
  if (row!.heard === members.length) return [force, good('connectors', heard)];
  const next = 'Ask the tenants that sumveil tenant list shows as absent.';
  const few = row!.heard < roster.witnessQuorum;
  return [force, warn('connectors', few ? `${heard}; the log needs ${roster.witnessQuorum} witnesses` : heard, next)];
}
