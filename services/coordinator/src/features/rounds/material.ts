import { encodeSigned } from '@sumveil/wire';
import type { Tx } from '../../db/client.ts';
import type { Deps } from '../../deps.ts';
import { CoordinatorError } from '../../error.ts';
import type { ListPhase, MessageKind } from './phase.ts';
import { attemptForTenant, messagesOf, requireList, signedOf } from './store.ts';

export type Material = 'directory' | 'shares' | 'inputs' | 'consistency';

const contents: Record<Material, { list: ListPhase; messages: MessageKind; withList: boolean }> = {
  directory: { list: 'u1', messages: 'm0', withList: true },
  shares: { list: 'u2', messages: 'm1', withList: true },
  inputs: { list: 'u3', messages: 'm2', withList: true },
  consistency: { list: 'u3', messages: 'm3', withList: false },
};

interface Made {
  readonly members: readonly number[];
  readonly bytes: Buffer;
}

/** The materials of the phases that a few runs are in. */
const KEPT = 16;

export type PhaseMaterial = (tenantRef: string, planHash: Buffer, material: Material) => Promise<Buffer>;

/**
 * Signed list and the messages it names, as wire bytes, for a member of that list. A signed list never changes and neither
 * do the messages it names, so the bytes are made once for all members.
 */
export function phaseMaterials(deps: Pick<Deps, 'db'>): PhaseMaterial {
  const known = new Map<string, Made>();
  const tx = deps.db.prisma;
  return async (tenantRef, planHash, material) => {
    const { row, idx } = await attemptForTenant(tx, planHash, tenantRef);
    const name = `${row.id} ${material}`;
    const made = known.get(name) ?? (await make(tx, row, material));
    known.set(name, made);
    if (known.size > KEPT) known.delete(known.keys().next().value!);
    if (!made.members.includes(idx)) throw notAMember(contents[material].list);
    return made.bytes;
  };
}

/** @throws CoordinatorError CONFLICT or UNAVAILABLE while something of it may still change */
async function make(tx: Tx, row: { id: string; phase: string }, material: Material): Promise<Made> {
  const { list: phase, messages: kind, withList } = contents[material];
  const list = await requireList(tx, row.id, phase);
  const signed = signedOf(list);
  if (material === 'consistency' && row.phase === 'consistency') {
    throw new CoordinatorError(
      'CONFLICT',
      'The consistency phase is still open; its messages are shown when it has closed.',
    );
  }
  const messages = await messagesOf(tx, row.id, kind, list.members);
  const bytes = Buffer.concat([
    ...(withList ? [encodeSigned(signed)] : []),
    ...messages.map((message) => encodeSigned(signedOf(message))),
  ]);
  return { members: list.members, bytes };
}

/** Envelopes from the members of U2 to this tenant, each with its audit path, ascending sender. */
export async function deliveredEnvelopes(deps: Pick<Deps, 'db'>, tenantRef: string, planHash: Buffer): Promise<Buffer> {
  const tx = deps.db.prisma;
  const { row, idx } = await attemptForTenant(tx, planHash, tenantRef);
  const u2 = await requireList(tx, row.id, 'u2');
  if (!u2.members.includes(idx)) throw notAMember('u2');
  const envelopes = await tx.envelope.findMany({
    where: { attemptId: row.id, toIdx: idx, fromIdx: { in: u2.members } },
    orderBy: { fromIdx: 'asc' },
  });
  const newline = Buffer.from('\n');
  return Buffer.concat(envelopes.flatMap(({ body, path }) => [body, newline, path, newline]));
}

function notAMember(phase: ListPhase): CoordinatorError {
  return new CoordinatorError('NOT_FOUND', `This tenant is not in ${phase} of the attempt.`);
}
