import type { LineageReport } from '../report.ts';
import type { RoundRow } from '../rounds.ts';

/** What stands in a box of the lineage graph: a title and at most two lines. */
export interface Text {
  readonly title: string;
  readonly lines: readonly string[];
  readonly look?: 'plain' | 'this' | 'dropout' | 'absent';
}

/** Plan, approvals, policy, grant: each binds the one before by its digest. */
export function consentBoxes({ plan, answers, decisions, grants }: LineageReport): Text[] {
  const granted = answers.approvals.filter((row) => row.decision === 'granted');
  const people = new Set(granted.map((row) => row.approverRef)).size;
  const tenants = new Set(granted.map((row) => row.tenantRef)).size;
  const starts = decisions.filter((row) => row.action === 'startRun');
  const allowed = starts.find((row) => row.effect === 'allow');
  const denied = starts.filter((row) => row.effect === 'deny').length;
  const grant = grants.at(-1);
  return [
    { title: 'Plan', lines: [plan.digest.slice(7, 19), atLeaf(plan.leaf)] },
    {
      title: 'Approvals',
      lines: [`${people} people, ${tenants} tenants`, atLeaf(granted.at(-1)?.leaf, 'last at leaf')],
    },
    {
      title: 'Policy: start',
      lines: [`${denied} denied, then ${allowed ? 'allowed' : 'nothing'}`, atLeaf(allowed?.leaf)],
    },
    grant
      ? { title: 'Grant', lines: [`cohort of ${grant.cohort} tenants`, atLeaf(grant.leaf)] }
      : { title: 'Grant', lines: ['none in this record'], look: 'absent' },
  ];
}

export function roundBox(row: RoundRow | null): Text {
  if (!row) return { title: '…', lines: [] };
  const lines = [`${row.survivors} of ${row.invited}`, atLeaf(row.leaf)];
  return { title: `round ${row.round}`, lines, look: row.dropped.length > 0 ? 'dropout' : 'plain' };
}

/** Undefined for a round that made none: an evaluation. */
export function versionBox(row: RoundRow | null, { version }: LineageReport): Text | undefined {
  if (!row) return { title: '…', lines: [] };
  if (row.version === null || row.modelAfter === null) return undefined;
  const here = row.version === version;
  const lines = [row.modelAfter.slice(7, 14), here ? 'this one' : ''];
  return { title: `v${row.version}`, lines, look: here ? 'this' : 'plain' };
}

export function promotionBox({ promotion }: LineageReport): Text {
  return promotion
    ? { title: 'promoted', lines: [atLeaf(promotion.leaf)] }
    : { title: 'promotion', lines: ['none in', 'this record'], look: 'absent' };
}

function atLeaf(leaf: number | null | undefined, words = 'leaf'): string {
  return typeof leaf === 'number' ? `${words} ${leaf}` : 'no leaf';
}
