/**
 * The one file of governance section 7. Nothing of an attempt is here but its numbers and the facts of what was sent
 * (secure-aggregation section 15): no secret, share, mask, kept message or rounded integer has a column.
 */
export const schema = `
CREATE TABLE IF NOT EXISTS job (
  run_id TEXT PRIMARY KEY,
  finished_round INTEGER NOT NULL DEFAULT 0,
  last_manifest TEXT NOT NULL,
  plan_digest TEXT,
  model TEXT
) STRICT;

CREATE TABLE IF NOT EXISTS attempt (
  run_id TEXT NOT NULL,
  round INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  plan_hash TEXT NOT NULL UNIQUE,
  m2_sent INTEGER NOT NULL DEFAULT 0 CHECK (m2_sent IN (0, 1)),
  m3_sent INTEGER NOT NULL DEFAULT 0 CHECK (m3_sent IN (0, 1)),
  m4_sent INTEGER NOT NULL DEFAULT 0 CHECK (m4_sent IN (0, 1)),
  aborted INTEGER NOT NULL DEFAULT 0 CHECK (aborted IN (0, 1)),
  at INTEGER NOT NULL,
  PRIMARY KEY (run_id, round, attempt),
  CHECK (NOT (m4_sent = 1 AND aborted = 1))
) STRICT;

CREATE TABLE IF NOT EXISTS egress (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  what TEXT NOT NULL,
  digest TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  run_id TEXT,
  round INTEGER,
  attempt INTEGER,
  plan_hash TEXT,
  code TEXT
) STRICT;

CREATE TABLE IF NOT EXISTS charge (
  charge_id TEXT PRIMARY KEY,
  ledger_ref TEXT NOT NULL,
  run_id TEXT NOT NULL,
  round INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  mechanism TEXT NOT NULL,
  epsilon_micro INTEGER NOT NULL CHECK (epsilon_micro >= 0),
  delta_inv TEXT NOT NULL,
  total_micro INTEGER NOT NULL,
  cap_micro INTEGER NOT NULL,
  at INTEGER NOT NULL,
  CHECK (total_micro <= cap_micro)
) STRICT;

CREATE TABLE IF NOT EXISTS withdrawal (
  digest TEXT PRIMARY KEY,
  plan_digest TEXT NOT NULL,
  approver_ref TEXT NOT NULL,
  envelope BLOB NOT NULL,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS witness (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  size INTEGER NOT NULL,
  root BLOB NOT NULL,
  fork INTEGER NOT NULL DEFAULT 0 CHECK (fork IN (0, 1)),
  note BLOB
) STRICT;

CREATE TABLE IF NOT EXISTS roster (
  epoch INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  body BLOB NOT NULL,
  approvals BLOB NOT NULL,
  pinned_at INTEGER NOT NULL
) STRICT;

-- One approval for each epoch: a quorum stands for one successor only because nobody signs two.
CREATE TABLE IF NOT EXISTS roster_approval (
  epoch INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS approver_list (version INTEGER PRIMARY KEY, envelope BLOB NOT NULL, at INTEGER NOT NULL) STRICT;

-- Newest list of approvers that each other tenant was shown with; a new roster key starts anew.
CREATE TABLE IF NOT EXISTS list_seen (
  tenant_ref TEXT NOT NULL,
  roster_key TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (tenant_ref, roster_key)
) STRICT;

CREATE TABLE IF NOT EXISTS result (
  run_id TEXT NOT NULL,
  round INTEGER NOT NULL,
  plan_digest TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run_id, round)
) STRICT;

CREATE TABLE IF NOT EXISTS lone (run_id TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
`;
