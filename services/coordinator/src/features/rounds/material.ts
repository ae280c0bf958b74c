import { encodeSigned } from '@sumveil/wire';
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

/** Signed list and the messages it names, as wire bytes, for a member of that list. */
export async function phaseMaterial(
  deps: Pick<Deps, 'db'>,
  tenantRef: string,
  planHash: Buffer,
  material: Material,
): Promise<Buffer> {
  const { list: phase, messages: kind, withList } = contents[material];
  const tx = deps.db.prisma;
  const { row, idx } = await attemptForTenant(tx, planHash, tenantRef);
  const list = await requireList(tx, row.id, phase);
  const signed = signedOf(list);
  if (!list.members.includes(idx)) throw notAMember(phase);
  if (material === 'consistency' && row.phase === 'consistency') {
    throw new CoordinatorError(
      'CONFLICT',
      'The consistency phase is still open; its messages are shown when it has closed.',
    );
  }
  const messages = await messagesOf(tx, row.id, kind, list.members);
  return Buffer.concat([
    ...(withList ? [encodeSigned(signed)] : []),
    ...messages.map((message) => encodeSigned(signedOf(message))),
  ]);
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
