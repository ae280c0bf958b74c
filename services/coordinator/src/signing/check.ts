import type { PolicyBundle } from '@sumveil/policy';
import type { Roster } from '@sumveil/secagg';
import { hashOfDigest } from '@sumveil/wire';
import type { ArtifactStore } from '../artifacts/store.ts';
import type { Tx } from '../db/client.ts';
import type { LeafLog } from '../deps.ts';
import { publishedEpochs } from '../log/epochs.ts';
import type { Timings } from '../timings.ts';
import type { SignerKeys } from './key-files.ts';
import type { Memo } from './memo.ts';
import type { Outcome } from './refusal.ts';
import type { SignerPublic } from './signer-public.ts';

type SignerPublicKeys = Pick<SignerPublic, 'coordinatorKey' | 'grantKey' | 'reportKey' | 'logKey'>;

/** What a check may look at: rows of its transaction, bytes, and the signer's own keys; nothing that the request claims. */
export interface CheckContext {
  readonly tx: Tx;
  readonly now: Date;
  /** When the request was written, by the database's clock, which whoever asks cannot set. */
  readonly orderedAt: Date;
  readonly keys: SignerKeys;
  readonly log: LeafLog;
  readonly policy: PolicyBundle;
  readonly artifacts: ArtifactStore;
  readonly trustDomain: string;
  readonly timings: Pick<Timings, 'certificateFloorSeconds'>;
  readonly memo: Memo;
}

export type Check = (context: CheckContext, subject: string, body: Buffer) => Promise<Outcome>;

export interface OwnRoster {
  readonly roster: Roster;
  /** A later epoch is in force: what was trusted before it may be what it took away (secure-aggregation.md section 3). */
  readonly superseded: boolean;
}

/**
 * Roster by its written digest; undefined unless it is or was in force and carries this signer's keys: signing under a
 * roster that names other keys would produce something nobody accepts, or accept something nobody signed.
 */
export async function ownRoster({ tx, keys, log, memo }: CheckContext, digest: string): Promise<OwnRoster | undefined> {
  const effective = (await publishedEpochs(tx, log.origin)).filter((epoch) => epoch.effective);
  const epoch = effective.find(({ hash }) => hash.equals(hashOfDigest(digest)));
  if (!epoch || !carriesOwnKeys(keys, epoch.roster)) return undefined;
  return { roster: memo.roster(epoch), superseded: epoch !== effective.at(-1) };
}

export function carriesOwnKeys(
  { published }: { published: SignerPublicKeys },
  roster: Pick<Roster, keyof SignerPublicKeys>,
): boolean {
  const { coordinatorKey, grantKey, reportKey, logKey } = published;
  return (
    roster.coordinatorKey === coordinatorKey &&
    roster.grantKey === grantKey &&
    roster.reportKey === reportKey &&
    roster.logKey === logKey
  );
}
