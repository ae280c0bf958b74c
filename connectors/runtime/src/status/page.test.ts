import { describe, expect, it } from 'vitest';
import type { Status } from '../control/answers.ts';
import { statusPage } from './page.ts';

const status: Status = {
  state: 'waiting-roster',
  tenantRef: 'a'.repeat(16),
  idx: 1,
  name: 'spiffe://x',
  version: '0',
  startedAt: '',
  certificateSerial: '4'.repeat(32),
  certificateIssuedAt: '2026-11-24',
  certificateExpiresAt: '2026-12-01',
  roster: null,
  offered: { epoch: 1, rosterHash: 'h', fingerprint: 'e8d3 e420' },
  policy: { digest: 'sha256:', minCohort: 2, minHonest: 2 },
  witness: null,
  coordinator: { reachable: false, lastContactAt: null },
  runs: [{ runId: '<script>alert(1)</script>', round: 1, attempt: 0, phase: 'share' }],
  warnings: ['Run r has a cohort of 2 & less'],
};

describe('status page', () => {
  it('says what is waited for and shows the hash to compare', () => {
    const text = statusPage({ status, egress: [], results: [] });
    expect(text).toContain('waits for the administrator');
    expect(text).toContain('e8d3 e420');
    expect(text).toContain('What small numbers mean');
  });

  it('lets no text from outside become markup', () => {
    const text = statusPage({ status, egress: [], results: [] });
    expect(text).not.toContain('<script');
    expect(text).toContain('cohort of 2 &#38; less');
  });

  it('shows a metric that is not defined as n/a', () => {
    const federated = { trainRows: 1, testRows: 1, auc: null, accuracy: 0.5, loss: 0.7, rmse: null };
    const rounds = [{ round: 1, stage: 'train', modelDigest: 'sha256:', survivors: 5, took: true, federated }];
    const text = statusPage({ status, egress: [], results: [{ runId: 'r', planDigest: 'd', lone: null, rounds }] });
    expect(text).toContain('<td>n/a<td>0.5000<td>0.7000');
  });
});
