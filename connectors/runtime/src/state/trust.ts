import type { StateDatabase } from './database.ts';

export interface PinnedRow {
  readonly epoch: number;
  /** base64url */
  readonly hash: string;
  readonly body: Buffer;
  /** signed `roster-approve` messages, concatenated */
  readonly approvals: Buffer;
}

export interface WitnessRow {
  readonly size: number;
  readonly root: Buffer;
  readonly fork: boolean;
  /** The checkpoint of this size as the log signed it: evidence, should the log ever show another history. */
  readonly note?: Buffer | undefined;
}

export interface WithdrawalRow {
  readonly digest: string;
  readonly planDigest: string;
  readonly approverRef: string;
  /** RFC 8785 bytes of the envelope */
  readonly envelope: Buffer;
  readonly storedAt: string;
}

/** What the tenant trusts and what its people have said: rosters, witness position, approvers, withdrawals. */
export interface TrustStore {
  pinned(): PinnedRow[];
  pin(row: PinnedRow, at: number): void;
  approvedLocally(hash: string): boolean;
  /** False when another roster of that epoch was approved here before. */
  approveLocally(epoch: number, hash: string, at: number): boolean;
  witness(): WitnessRow | undefined;
  setWitness(row: WitnessRow): void;
  approverList(): { version: number; envelope: Buffer } | undefined;
  setApproverList(version: number, envelope: Uint8Array, at: number): void;
  /** Newest version of another tenant's list that has counted here; 0 for none. */
  listSeen(tenantRef: string, rosterKey: string): number;
  /** Never goes down. */
  seeList(tenantRef: string, rosterKey: string, version: number): void;
  withdrawals(): WithdrawalRow[];
  addWithdrawal(row: Omit<WithdrawalRow, 'storedAt'>, at: number): void;
}

const buffer = (value: unknown): Buffer => Buffer.from(value as Uint8Array);

export function trustStore({ sql }: StateDatabase): TrustStore {
  const rosters = sql.prepare('SELECT epoch, hash, body, approvals FROM roster ORDER BY epoch');
  const addRoster = sql.prepare('INSERT INTO roster (epoch, hash, body, approvals, pinned_at) VALUES (?, ?, ?, ?, ?)');
  const approval = sql.prepare('SELECT epoch FROM roster_approval WHERE hash = ?');
  const addApproval = sql.prepare(
    'INSERT INTO roster_approval (epoch, hash, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const witness = sql.prepare('SELECT size, root, fork, note FROM witness');
  const setWitness = sql.prepare(
    `INSERT INTO witness (id, size, root, fork, note) VALUES (1, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET size = excluded.size, root = excluded.root, fork = max(fork, excluded.fork),
       note = excluded.note`,
  );
  const list = sql.prepare('SELECT version, envelope FROM approver_list ORDER BY version DESC LIMIT 1');
  const addList = sql.prepare('INSERT INTO approver_list (version, envelope, at) VALUES (?, ?, ?)');
  const seen = sql.prepare('SELECT version FROM list_seen WHERE tenant_ref = ? AND roster_key = ?');
  const see = sql.prepare(
    `INSERT INTO list_seen VALUES (?, ?, ?)
     ON CONFLICT (tenant_ref, roster_key) DO UPDATE SET version = max(version, excluded.version)`,
  );
  const withdrawals = sql.prepare(
    'SELECT digest, plan_digest AS planDigest, approver_ref AS approverRef, envelope, at FROM withdrawal ORDER BY at, digest',
  );
  const addWithdrawal = sql.prepare('INSERT INTO withdrawal VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING');
  return {
    pinned: () =>
      rosters.all().map((r) => ({
        epoch: Number(r.epoch),
        hash: String(r.hash),
        body: buffer(r.body),
        approvals: buffer(r.approvals),
      })),
    pin: (row, at) => void addRoster.run(row.epoch, row.hash, row.body, row.approvals, at),
    approvedLocally: (hash) => approval.get(hash) !== undefined,
    approveLocally(epoch, hash, at) {
      addApproval.run(epoch, hash, at);
      return approval.get(hash)?.epoch === epoch;
    },
    witness() {
      const row = witness.get();
      if (!row) return undefined;
      const note = row.note === null ? undefined : buffer(row.note);
      return { size: Number(row.size), root: buffer(row.root), fork: row.fork === 1, note };
    },
    setWitness: (row) => void setWitness.run(row.size, row.root, row.fork ? 1 : 0, row.note ?? null),
    approverList() {
      const row = list.get();
      return row && { version: Number(row.version), envelope: buffer(row.envelope) };
    },
    setApproverList: (version, envelope, at) => void addList.run(version, envelope, at),
    listSeen: (tenantRef, rosterKey) => Number(seen.get(tenantRef, rosterKey)?.version ?? 0),
    seeList: (tenantRef, rosterKey, version) => void see.run(tenantRef, rosterKey, version),
    withdrawals: () =>
      withdrawals.all().map((w) => ({
        digest: String(w.digest),
        planDigest: String(w.planDigest),
        approverRef: String(w.approverRef),
        envelope: buffer(w.envelope),
        storedAt: new Date(Number(w.at)).toISOString(),
      })),
    addWithdrawal: (w, at) => void addWithdrawal.run(w.digest, w.planDigest, w.approverRef, w.envelope, at),
  };
}
