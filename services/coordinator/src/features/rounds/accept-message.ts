import {
  type Accepted,
  acceptAbort,
  acceptM0,
  acceptM1,
  acceptM2,
  acceptM3,
  acceptM4,
  deliverEnvelopes,
  eachChunk,
  SecaggError,
} from '@sumveil/secagg';
import { digestOf, hashOfDigest, splitLines, toBase64url, writtenDigest } from '@sumveil/wire';
import type { Tx } from '../../db/client.ts';
import type { Deps } from '../../deps.ts';
import { CoordinatorError } from '../../error.ts';
import type { Message } from '../../generated/prisma/client.ts';
import { rosterByHash } from '../../roster/in-force.ts';
import { acceptedOf, listHashOf } from './accepted.ts';
import { answered } from './answered.ts';
import { keepRefused } from './keep-refused.ts';
import { type Collecting, collecting, isCollecting, type MessageKind, rules } from './phase.ts';
import { type AttemptOfTenant, attemptForTenant, messagesOf, requireList } from './store.ts';

export interface Sender {
  readonly tenantRef: string;
  readonly serial: string;
}

interface Checked {
  readonly message: Accepted<unknown>;
  readonly envelopes: readonly Uint8Array[];
}

/**
 * Takes a tenant's message of a phase. Everything is verified before the transaction; the transaction only makes sure
 * that the phase is still open. The same bytes again change nothing and succeed (invariant I2).
 */
export async function acceptMessage(
  deps: Deps,
  sender: Sender,
  planHash: Buffer,
  kind: MessageKind,
  bytes: Buffer,
): Promise<void> {
  const attempt = await attemptForTenant(deps.db.prisma, planHash, sender.tenantRef);
  const { row, idx } = attempt;
  const earlier = await deps.db.prisma.message.findUnique({
    where: { attemptId_kind_idx: { attemptId: row.id, kind, idx } },
  });
  if (earlier) return repeated(deps, sender, row, earlier, bytes);
  if (kind !== 'abort' && !isOpenFor(row.phase, kind)) throw await tooLate(deps, sender, attempt, kind, bytes);
  const checked = await verify(deps.db.prisma, attempt, kind, bytes, []);
  // M3, M4 and abort are one row.
  const within = ['m0', 'm1', 'm2'].includes(kind) ? deps.db.transaction : deps.db.statement;
  const stored = await within(async (tx) => {
    if (kind === 'm0') {
      // One after the other: two tenants must not hand in one key at the same moment.
      await tx.$queryRaw`SELECT FROM attempt WHERE id = ${row.id}::uuid FOR UPDATE`;
      await verify(tx, attempt, kind, bytes, await messagesOf(tx, row.id, 'm0'));
    }
    return store(deps, tx, attempt, sender, kind, checked);
  });
  if (!stored) throw await tooLate(deps, sender, attempt, kind, bytes);
  deps.logger.event('message.accepted', {
    kind,
    run: row.runId,
    round: row.round,
    attempt: row.attempt,
    bytes: bytes.length,
  });
  await answered(deps, row.id);
}

function isOpenFor(phase: string, kind: MessageKind): phase is Collecting {
  return isCollecting(phase) && rules[phase].answer === kind;
}

async function repeated(
  deps: Deps,
  sender: Sender,
  row: AttemptOfTenant['row'],
  earlier: Message,
  bytes: Buffer,
): Promise<void> {
  const same = bytes.subarray(0, earlier.body.length).equals(earlier.body) && bytes[earlier.body.length] === 0x0a;
  if (earlier.late)
    throw new CoordinatorError(
      'ROUND_CLOSED',
      'This message came after its phase had closed; it is kept as evidence only.',
    );
  if (same) return;
  // What counts stays as it is; the other update is evidence (fault F10).
  const { body, sig } = pieces(bytes);
  if (earlier.kind === 'm2' && body)
    await keepRefused(deps, sender, row, {
      kind: 'other-m2',
      idx: earlier.idx,
      code: 'CONFLICT',
      body,
      sig,
      leaf: true,
    });
  throw new CoordinatorError('CONFLICT', 'A different message of this kind is already accepted for this attempt.');
}

/** @param m0s those accepted before, whose keys an M0 may not repeat */
async function verify(
  tx: Tx,
  { row, plan, idx: from }: AttemptOfTenant,
  kind: MessageKind,
  bytes: Buffer,
  m0s: readonly Message[],
): Promise<Checked> {
  const roster = await rosterByHash(tx, Buffer.from(plan.rosterHash, 'base64url'));
  const list = async (phase: 'u1' | 'u2' | 'u3') => requireList(tx, row.id, phase);
  try {
    switch (kind) {
      case 'm0': {
        const earlier = m0s.map((message) => acceptedOf<'m0'>(message));
        return { message: acceptM0(plan, roster, from, bytes, earlier), envelopes: [] };
      }
      case 'm1': {
        const u1 = await list('u1');
        const { m1, envelopes } = splitM1(bytes);
        const context = { u1: u1.members, dirHash: listHashOf(u1) };
        return { message: acceptM1(plan, roster, from, { m1, envelopes }, context), envelopes };
      }
      case 'm2': {
        const chunkHashes = await uploadedChunks(tx, row.id, plan, from);
        return {
          message: acceptM2(plan, roster, from, bytes, { u2Hash: listHashOf(await list('u2')), chunkHashes }),
          envelopes: [],
        };
      }
      case 'm3': {
        const u3 = await list('u3');
        return {
          message: acceptM3(plan, roster, from, bytes, { u3: u3.members, u3Hash: listHashOf(u3) }),
          envelopes: [],
        };
      }
      case 'm4': {
        const [u2, u3] = [await list('u2'), await list('u3')];
        const context = { u2: u2.members, u3: u3.members, u3Hash: listHashOf(u3) };
        return { message: acceptM4(plan, roster, from, bytes, context), envelopes: [] };
      }
      case 'abort':
        return { message: acceptAbort(plan, roster, from, bytes), envelopes: [] };
    }
  } catch (error) {
    if (error instanceof SecaggError) throw new CoordinatorError('MESSAGE_REFUSED', error.message, { cause: error });
    throw error;
  }
}

/** Upload of R1: the signed m1 (two lines), then one line for each envelope. */
function splitM1(bytes: Buffer): { m1: Buffer; envelopes: Uint8Array[] } {
  const body = bytes.indexOf(0x0a);
  const end = body < 0 ? -1 : bytes.indexOf(0x0a, body + 1);
  if (end < 0)
    throw new CoordinatorError(
      'MESSAGE_REFUSED',
      'The upload of m1 is cut off before its signature; send it again whole.',
    );
  return { m1: bytes.subarray(0, end + 1), envelopes: splitLines(bytes.subarray(end + 1)) };
}

async function uploadedChunks(
  tx: Tx,
  attemptId: string,
  plan: AttemptOfTenant['plan'],
  idx: number,
): Promise<Buffer[]> {
  const rows = await tx.chunk.findMany({ where: { attemptId, idx } });
  const byPlace = new Map(rows.map((row) => [`${row.segment}/${row.chunk}`, row.digest]));
  return [...eachChunk(plan)].map(({ segment, chunk }) => {
    const digest = byPlace.get(`${segment}/${chunk}`);
    if (!digest)
      throw new CoordinatorError(
        'MESSAGE_REFUSED',
        `Chunk ${chunk} of segment ${segment} is missing: upload it, then send m2 again.`,
      );
    return hashOfDigest(digest);
  });
}

/** False when the phase has closed. The attempt stays share-locked until the commit: no phase closes in between. */
async function store(
  deps: Deps,
  tx: Tx,
  { row }: AttemptOfTenant,
  sender: Sender,
  kind: MessageKind,
  checked: Checked,
): Promise<boolean> {
  const { idx, signed } = checked.message;
  const [body, sig] = [Uint8Array.from(signed.body), Uint8Array.from(signed.sig)];
  const open = kind === 'abort' ? null : collecting.filter((phase) => rules[phase].answer === kind);
  const written = await tx.$executeRaw`
    INSERT INTO message (attempt_id, kind, idx, body, sig, serial)
    SELECT id, ${kind}, ${idx}, ${body}, ${sig}, ${sender.serial} FROM attempt
    WHERE id = ${row.id}::uuid AND (${open}::text[] IS NULL OR phase = ANY(${open}::text[])) FOR SHARE`;
  if (written === 0) return false;
  if (kind === 'm0') await closeEarlierResults(tx, row.runId, row.round, idx);
  if (kind === 'm1') await storeEnvelopes(tx, row.id, idx, checked.envelopes);
  if (kind === 'm2') {
    await deps.log.appendLeaf(tx, {
      type: 'update.accepted',
      actor: { kind: 'connector', ref: sender.tenantRef, via: 'mtls' },
      run: row.runId,
      round: row.round,
      attempt: row.attempt,
      tenantRef: sender.tenantRef,
      m2Digest: digestOf(signed.body),
      chunkRoot: writtenDigest(Buffer.from((checked.message.body as { chunkRoot: string }).chunkRoot, 'base64url')),
      serial: sender.serial,
    });
  }
  return true;
}

/** Who answers a later round of a run has followed its manifests so far. */
async function closeEarlierResults(tx: Tx, runId: string, round: number, idx: number): Promise<void> {
  await tx.task.updateMany({
    where: { idx, kind: 'result', closedAt: null, attempt: { runId, round: { lt: round } } },
    data: { closedAt: new Date() },
  });
}

async function storeEnvelopes(
  tx: Tx,
  attemptId: string,
  from: number,
  envelopes: readonly Uint8Array[],
): Promise<void> {
  const u1 = await requireList(tx, attemptId, 'u1');
  const delivered = deliverEnvelopes(u1.members, from, [...envelopes]);
  await tx.envelope.createMany({
    data: [...delivered].map(([toIdx, bytes]) => {
      const [body, path] = splitLines(bytes);
      return { attemptId, fromIdx: from, toIdx, body: Uint8Array.from(body!), path: Uint8Array.from(path!) };
    }),
  });
}

/** Late messages are kept as evidence, never processed; a late update is also a leaf (fault F12). */
async function tooLate(
  deps: Deps,
  sender: Sender,
  { row, idx }: AttemptOfTenant,
  kind: MessageKind,
  bytes: Buffer,
): Promise<CoordinatorError> {
  const { body, sig } = pieces(bytes);
  if (body && sig && isBehind(row.phase, kind)) {
    await keepRefused(deps, sender, row, { kind, idx, code: 'ROUND_CLOSED', body, sig, leaf: kind === 'm2' });
  }
  return new CoordinatorError(
    'ROUND_CLOSED',
    `The attempt ${toBase64url(row.planHash)} does not take ${kind} now; its phase is ${row.phase}.`,
  );
}

/** Body and signature of an upload that is not processed; no more of it than a body may have. */
function pieces(bytes: Buffer): { body?: Uint8Array | undefined; sig?: Uint8Array | undefined } {
  const [body, sig] = splitLines(bytes.subarray(0, Math.min(bytes.length, 1 << 21)));
  return { body, sig: sig && Buffer.from(Buffer.from(sig).toString('latin1'), 'base64url') };
}

const order = [
  'opening',
  'advertise',
  'share',
  'masked',
  'consistency',
  'unmask',
  'summing',
  'releasing',
  'released',
  'failed',
];

function isBehind(phase: string, kind: MessageKind): boolean {
  const own = Object.entries(rules).find(([, rule]) => rule.answer === kind)?.[0];
  return own !== undefined && order.indexOf(phase) > order.indexOf(own);
}
