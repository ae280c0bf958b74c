import { buildGrant, envelopeDigest, grantDigest } from '@sumveil/approvals';
import { canonicalBytes, type DsseEnvelope, digestOf, dsseBytes, sha256 } from '@sumveil/wire';
import * as layout from '../bundle/layout.ts';
import type { LedgerRow } from '../verify/privacy.ts';
import { digestOfByte, iso, keys, RUN, START, TENANTS } from './cast.ts';
import { approveBoth, approverList, modelAfter, type PlanStory, type SubmittedPlan, submitPlan } from './plan-story.ts';
import { playRound } from './round-story.ts';
import { type Draft, Teller, type Touch } from './teller.ts';
import { POLICY_PATH } from './test-replay.ts';

/** How the story goes; every default is the good one. */
export interface Story extends PlanStory {
  /** Is told when the round opens; may log more. */
  readonly beforeRound?: (round: number, teller: Teller) => void;
  readonly input?: Touch;
  /** Model that a round trains from, when not that of the round before. */
  readonly startsFrom?: (round: number) => string | undefined;
}

/** A run of two rounds over five tenants, from the submitted plan to run.completed. */
export function tell(rosterBody: Buffer, certificates: string, story: Story = {}): Draft {
  const draft: Draft = { rosterBody, leaves: [], files: new Map() };
  const teller = new Teller(draft, story.input);
  const { files } = draft;
  files.set(layout.rosterFile(1), rosterBody);
  files.set(layout.CERTIFICATES_FILE, Buffer.from(certificates));
  const policy = Buffer.from('5');
  files.set(`${layout.POLICY_FOLDER}${POLICY_PATH}`, policy);
  files.set(layout.LOCK_FILE, Buffer.from(`${sha256(policy).toString('hex')}  ${POLICY_PATH}\n`));
  files.set('report.html', Buffer.from('<h1>Report</h1>\n'));
  TENANTS.forEach((tenantRef, i) => {
    const list = approverList(i);
    files.set(layout.approverListFile(tenantRef), dsseBytes(list));
    teller.log('tenant.created', { tenantRef, region: 'US' });
    teller.log('approvers.declared', { tenantRef, digestNew: envelopeDigest(list) });
  });
  const plan = submitPlan(teller, story);
  const approvals = TENANTS.flatMap((_, i) => approveBoth(teller, i, plan.digest, story));
  playRun(teller, story, plan, approvals);
  return draft;
}

function playRun(teller: Teller, story: Story, plan: SubmittedPlan, approvals: DsseEnvelope[]): void {
  const { draft } = teller;
  teller.decide('startRun', 'd-start', { ...plan, epsNextMicro: 0 });
  const expiresAt = START + 2_000_000;
  const grant = buildGrant(
    {
      grantId: 'grant-1',
      runId: RUN,
      rosterHash: digestOf(draft.rosterBody),
      planDigest: plan.digest,
      codeDigest: digestOfByte(0xc0),
      baseModelDigest: modelAfter(0),
      cohort: { min: 5, members: TENANTS },
      dataVersions: [],
      epsilonRoundMicro: 0,
      epsilonTotalMicro: plan.facts.epsilonTotalMicro,
      deltaInv: 100_000,
      notBefore: START - 1000,
      expiresAt,
      approvals,
      policyBundle: digestOf(draft.files.get(layout.LOCK_FILE)!),
      decisionId: 'd-start',
    },
    keys.grant,
  );
  const digest = grantDigest(grant);
  draft.files.set(layout.grantFile(digest), dsseBytes(grant));
  const granted = { planDigest: plan.digest, grantDigest: digest };
  teller.log('run.started', { ...granted, decisionId: 'd-start' }, true);
  teller.log('grant.issued', { ...granted, grantId: 'grant-1', cohort: TENANTS, expiresAt: iso(expiresAt) }, true);
  const rows: LedgerRow[] = [];
  let prevManifest = digestOfByte(0);
  for (const round of [1, 2]) {
    story.beforeRound?.(round, teller);
    const startsFrom = story.startsFrom?.(round);
    prevManifest = playRound(teller, { round, grantDigest: digest, plan, prevManifest, rows, startsFrom });
  }
  draft.files.set(layout.LEDGER_FILE, canonicalBytes({ v: 1, rows }));
  teller.log('run.completed', { outcome: 'completed', rounds: 2, lastModelDigest: modelAfter(2) }, true);
}
