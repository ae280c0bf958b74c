import { parseCanonical } from '@sumveil/wire';
import { z } from 'zod';
import { LEDGER_FILE } from '../bundle/layout.ts';
import { type Entry, type Evidence, leavesOf } from './evidence.ts';
import { attempt, fail, must } from './result.ts';
import { sameAttempt } from './round-facts.ts';

/** Row of privacy/ledger.json; ε in micro-units, RDP as decimal strings (governance section 7). */
export const ledgerRow = z.strictObject({
  scope: z.enum(['tenant', 'model']),
  chargeId: z.string(),
  ledgerRef: z.string(),
  run: z.string(),
  round: z.int(),
  attempt: z.int(),
  mechanism: z.string(),
  rdpPico: z.record(z.string().regex(/^[0-9]{1,5}$/), z.string().regex(/^(0|[1-9][0-9]{0,39})$/)).optional(),
  epsilonMicro: z.int().min(0),
  deltaInv: z.union([z.int().min(1), z.string()]),
  totalMicro: z.int().min(0),
  capMicro: z.int().min(0),
  at: z.string(),
});
export type LedgerRow = z.infer<typeof ledgerRow>;
export const ledger = z.strictObject({ v: z.literal(1), rows: z.array(ledgerRow) });

/** Class 20: the ledger is the leaves', never above a cap, and nothing that costs was released before it was charged. */
export function checkPrivacy(evidence: Evidence): string {
  const charges = leavesOf(evidence, 'privacy.charged');
  const rows = readLedger(evidence);
  must(rows.length === charges.length, `${LEDGER_FILE} has ${rows.length} rows, the log ${charges.length} charges`);
  for (const charge of charges) checkRow(charge, rows);
  for (const ref of new Set(charges.map(({ leaf }) => `${leaf.scope} ${leaf.ledgerRef}`)))
    checkSums(
      ref,
      charges.filter(({ leaf }) => `${leaf.scope} ${leaf.ledgerRef}` === ref),
    );
  for (const released of leavesOf(evidence, 'aggregate.released')) checkCharged(evidence, released, charges);
  return `${charges.length} charges within their caps, each before its release`;
}

function readLedger(evidence: Evidence): LedgerRow[] {
  const bytes = evidence.files.get(LEDGER_FILE);
  return bytes ? attempt(LEDGER_FILE, () => ledger.parse(parseCanonical(bytes)).rows) : [];
}

function checkRow({ leaf }: Entry<'privacy.charged'>, rows: readonly LedgerRow[]): void {
  const at = `charge ${leaf.chargeId}`;
  const row = rows.find(
    (r) => r.chargeId === leaf.chargeId && r.scope === leaf.scope && r.ledgerRef === leaf.ledgerRef,
  );
  if (!row) fail(`${at} is not in ${LEDGER_FILE}`);
  const same = (['epsilonMicro', 'totalMicro', 'capMicro', 'deltaInv'] as const).every((f) => row[f] === leaf[f]);
  must(same && (leaf.run === undefined || row.run === leaf.run), `${at}: ledger and leaf differ`);
}

/** Other runs charge the same ledger, so a total may grow by more than is charged here, but it never shrinks. */
function checkSums(ref: string, charges: readonly Entry<'privacy.charged'>[]): void {
  let before = 0;
  for (const { leaf } of charges) {
    const at = `charge ${leaf.chargeId} of ${ref}`;
    must(leaf.totalMicro <= leaf.capMicro, `${at} exceeds the cap`);
    must(leaf.totalMicro >= before, `${at}: the total went down`);
    must(leaf.totalMicro >= leaf.epsilonMicro, `${at}: the total is less than what was charged`);
    before = leaf.totalMicro;
  }
}

/** A run whose plan spends nothing needs no charge; any other needs one for each release, logged before it. */
function checkCharged(
  evidence: Evidence,
  { idx, leaf }: Entry<'aggregate.released'>,
  charges: readonly Entry<'privacy.charged'>[],
): void {
  const at = `release of round ${leaf.round} of ${leaf.run}`;
  const opened = leavesOf(evidence, 'round.opened').find((o) => sameAttempt(o.leaf, leaf))?.leaf;
  const grant = leavesOf(evidence, 'grant.issued').find((g) => g.leaf.grantDigest === opened?.grantDigest)?.leaf;
  const plan = leavesOf(evidence, 'plan.submitted').find((p) => p.leaf.planDigest === grant?.planDigest)?.leaf;
  if (!plan) fail(`${at}: no plan says what it may spend`);
  const charge = charges.find((c) => c.leaf.scope === 'model' && c.leaf.chargeId === leaf.chargeId);
  if (plan.epsilonTotalMicro === 0) {
    must(!charge || charge.leaf.epsilonMicro === 0, `${at} is charged, but its plan spends nothing`);
    return;
  }
  must(charge !== undefined && charge.idx < idx, `${at} without a charge before it`);
  must(charge.leaf.capMicro <= plan.epsilonTotalMicro, `${at}: the cap is above what the plan allows`);
}
