import type { DecisionRow } from '../decisions.ts';
import type { LineageReport } from '../report.ts';
import type { RoundRow } from '../rounds.ts';

const hash = (i: number) => `sha256:${i.toString(16).padStart(2, '0').repeat(32)}`;
const ref = (i: number) => `${'abcdefghijklmnop'.slice(i % 12)}${'234567abcdefghij'.slice(0, i % 12)}`.slice(0, 16);
const at = (second: number) => new Date(Date.UTC(2026, 10, 24, 9, 0, 0) + second * 1000).toISOString();

const tenants = Array.from({ length: 10 }, (_, i) => ref(i));

function round(number: number): RoundRow {
  const dropped = number === 4 ? [tenants[2]!] : [];
  const auc = 0.62 + 0.22 * (1 - Math.exp(-number / 2.5));
  return {
    leaf: 100 * number,
    round: number,
    attempt: 0,
    outcome: 'released',
    code: null,
    invited: 10,
    survivors: 10 - dropped.length,
    dropped,
    belowDefault: false,
    openedAt: at(10 * number),
    seconds: 4.2 + (dropped.length ? 11 : 0),
    phases: [
      { phase: 'advertise', answered: 10, cause: 'all', seconds: 0.8 },
      { phase: 'share', answered: 10, cause: 'all', seconds: 0.6 },
      {
        phase: 'masked',
        answered: 10 - dropped.length,
        cause: dropped.length ? 'absent' : 'all',
        seconds: 1.4 + (dropped.length ? 11 : 0),
      },
      { phase: 'consistency', answered: 10 - dropped.length, cause: 'all', seconds: 0.4 },
      { phase: 'unmask', answered: 10 - dropped.length, cause: 'all', seconds: 0.3 },
      { phase: 'sum', answered: 10 - dropped.length, cause: 'all', seconds: 0.3 },
      { phase: 'release', answered: 10 - dropped.length, cause: 'all', seconds: 0.4 },
    ],
    modelBefore: hash(number - 1),
    modelAfter: hash(number),
    version: number,
    metrics: dropped.length
      ? null
      : {
          'test.auc': auc,
          'train.auc': auc + 0.012,
          'test.accuracy': auc + 0.05,
          'test.baseRate': 0.83,
          'test.logLoss': 0.69 - auc / 3,
          'train.logLoss': 0.66 - auc / 3,
        },
    metricsWithheld: dropped.length > 0,
  };
}

function sampleDecisions(rounds: readonly RoundRow[]): DecisionRow[] {
  const decided = (leaf: number, action: string, round: number | null, denied: string[] = []): DecisionRow => ({
    action,
    effect: denied.length > 0 ? 'deny' : 'allow',
    reasons: denied.length > 0 ? denied : ['round.allow'],
    bundle: hash(90),
    round,
    at: at(leaf),
    leaf,
  });
  return [
    decided(39, 'startRun', null, ['approval.count', 'approval.roles', 'cohort.small']),
    decided(61, 'startRun', null),
    ...rounds.flatMap((row) => [
      decided(70 + row.round, 'startRound', row.round),
      decided(80 + row.round, 'releaseAggregate', row.round),
    ]),
  ];
}

/** Ten tenants, eight rounds, one dropout; refs and numbers made up. */
export function sampleReport(change: Partial<LineageReport> = {}): LineageReport {
  const rounds = Array.from({ length: 8 }, (_, i) => round(i + 1));
  const said = tenants.flatMap((tenantRef, i) =>
    (['data-steward', 'privacy-officer'] as const).map((role, k) => ({
      ticket: { system: 'change', id: `CHG-${1000 + 2 * i + k}` },
      role,
      approverRef: ref(20 + 2 * i + k),
      tenantRef,
      decision: 'granted',
      at: at(i),
      expiresAt: at(86_400 * 14),
      leaf: 40 + 2 * i + k,
    })),
  );
  return {
    v: 1,
    model: 'birdstrike-damage',
    version: 8,
    modelDigest: hash(8),
    parentDigest: hash(7),
    producedInRound: 8,
    asOf: { size: 412, root: hash(99) },
    run: {
      id: 'run-abcdefghijklmnop',
      state: 'completed',
      reason: null,
      startedAt: at(0),
      endedAt: at(95),
      schedule: { id: 'schedule-abcdefghijklmnop', moment: at(0) },
    },
    plan: {
      name: 'birdstrike-damage-2026',
      digest: hash(70),
      kind: 'logistic',
      leaf: 38,
      codeDigest: hash(71),
      baseModelDigest: hash(0),
      requesterRef: ref(60),
      eligible: 10,
      minCohort: 7,
      needApprovers: 14,
      regions: ['us'],
      aggregation: { clip: 8, bits: 32, scaleLog2: 16, rounding: 'nearest' },
      guards: { divergence: { rise: 0.5, rounds: 2 }, norm: { factor: 5 } },
      stages: [
        { name: 'standardise', rounds: 1, parameters: 0, sums: ['count', 'sum', 'square'] },
        { name: 'train', rounds: 7, parameters: 43, sums: ['weight', 'count', 'histogram'] },
      ],
    },
    privacy: { mechanism: 'none', epsilonTotalMicro: 0, deltaInv: 1, spentMicro: 0 },
    log: { origin: 'log.sumveil.test/1', have: 10, needs: 7, members: 10, leaves: 331 },
    roster: [{ epoch: 1, hash: hash(80), members: 10, effectiveAt: at(-60) }],
    grants: [{ grantId: 'grant-abcdefghijklmnop', cohort: 10, expiresAt: at(86_400 * 14), at: at(5), leaf: 62 }],
    localPolicies: tenants.map((tenantRef, i) => ({ tenantRef, digest: hash(100 + i), at: at(-30) })),
    rounds,
    decisions: sampleDecisions(rounds),
    promotion: null,
    ancestry: rounds.map((row) => ({
      version: row.version!,
      digest: row.modelAfter!,
      parentDigest: row.modelBefore,
      runId: 'run-abcdefghijklmnop',
      round: row.round,
    })),
    answers: {
      contributors: rounds.flatMap((row) =>
        tenants
          .filter((tenantRef) => !row.dropped.includes(tenantRef))
          .map((tenantRef, i) => ({
            round: row.round,
            attempt: 0,
            tenantRef,
            serial: '4'.repeat(32),
            inSum: true,
            leaf: 100 + row.round * 20 + i,
          })),
      ),
      approvals: said,
      privacy: rounds.map((row) => ({
        scope: 'model',
        ledgerRef: 'birdstrike-damage',
        epsilonMicro: 0,
        totalMicro: 0,
        capMicro: 0,
        deltaInv: 1,
        leaf: 90 + row.round,
      })),
      decisions: sampleDecisions(rounds).map(({ action, effect, reasons, bundle, leaf }) => ({
        decisionId: `d${leaf}`,
        action,
        effect,
        cause: effect === 'allow' ? 'permit' : 'forbid',
        reasons,
        bundle,
        leaf,
      })),
      refusals: [],
      dropouts: rounds.map((row) => ({
        round: row.round,
        attempt: 0,
        phase: 'unmask',
        survived: row.survivors,
        dropped: row.dropped,
        leaf: 300 + row.round,
      })),
      ancestry: [],
      interventions: [],
    },
    warnings: [
      'No differential privacy: what the published model itself reveals about its training data is not bounded by a number.',
      'Metrics of round 4 are withheld: its survivors differ from those of the other rounds, and two sums side by side could be subtracted.',
    ],
    ...change,
  };
}
