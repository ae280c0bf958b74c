import { layout, leavesFile, lineageOf } from '@sumveil/transparency';
import { canonicalBytes, digestOf } from '@sumveil/wire';
import type { Tx } from '../../db/client.ts';
import type { Deps } from '../../deps.ts';
import { publishedEpochs } from '../../log/epochs.ts';
import { readSignerPublic } from '../../signing/signer-public.ts';
import type { Evidence } from './evidence.ts';
import { reportPage } from './html/page.ts';
import { buildReport, predicateOf } from './report.ts';
import { roundFiles } from './round-files.ts';
import { leavesOf } from './rounds.ts';

type Files = Map<string, Uint8Array>;

/** A model beyond this is named by its digest and not shipped along. */
const MODEL_AT_MOST = 64 * 2 ** 20;

/** Everything that offline verification reads, under the names of packages/transparency `layout`. */
export async function bundleFiles(deps: Deps, evidence: Evidence): Promise<Files> {
  const files: Files = new Map();
  const tx = deps.db.prisma;
  await addRosters(tx, deps.log.origin, files);
  await addLog(deps, evidence, files);
  await addApprovals(tx, evidence, files);
  await addGrants(tx, evidence, files);
  await addRefusals(tx, evidence, files);
  for (const [name, bytes] of await roundFiles(tx, evidence)) files.set(name, bytes);
  await addPolicy(deps, evidence, files);
  await addLedger(tx, evidence, files);
  await addCertificates(deps, evidence, files);
  await addModel(deps, evidence, files);
  files.set(layout.planFile(evidence.plan.digest), evidence.plan.bytes);
  files.set(layout.LINEAGE_FILE, canonicalBytes(lineageOf(evidence.leaves, predicateOf(evidence))));
  const report = await buildReport(deps, evidence);
  files.set('report.html', Buffer.from(await reportPage(report)));
  files.set('evaluation/rounds.json', canonicalBytes({ v: 1, rounds: report.rounds }));
  return files;
}

async function addRosters(tx: Tx, log: string, files: Files): Promise<void> {
  for (const { roster, body, hash, effective } of await publishedEpochs(tx, log)) {
    if (!effective) continue;
    files.set(layout.rosterFile(roster.epoch), body);
    const approvals = await tx.rosterApproval.findMany({
      where: { rosterHash: Uint8Array.from(hash) },
      orderBy: { idx: 'asc' },
    });
    if (roster.epoch > 1)
      files.set(layout.rosterApprovalsFile(roster.epoch), Buffer.concat(approvals.map((row) => row.message)));
  }
}

/** Every leaf is proven under the one newest checkpoint with quorum, so no consistency proofs are needed. */
async function addLog(deps: Deps, { checkpoint, leaves }: Evidence, files: Files): Promise<void> {
  files.set(layout.CHECKPOINT_FILE, checkpoint.note);
  files.set(layout.LEAVES_FILE, leavesFile(leaves));
  for (const { idx } of leaves) {
    const { tlogProof } = await deps.log.proofAt(deps.db.prisma, BigInt(idx), checkpoint);
    files.set(layout.proofFile(idx), tlogProof);
  }
}

async function addApprovals(tx: Tx, { plan, leaves }: Evidence, files: Files): Promise<void> {
  const rows = await tx.approval.findMany({ where: { subjectDigest: plan.digest } });
  const logged = new Set(
    (['approval.granted', 'approval.refused', 'approval.withdrawn'] as const).flatMap((type) =>
      leavesOf(leaves, type).map(({ leaf }) => leaf.envelopeDigest),
    ),
  );
  for (const { digest, envelope } of rows) if (logged.has(digest)) files.set(layout.approvalFile(digest), envelope);
  const declared = leavesOf(leaves, 'approvers.declared').map(({ leaf }) => leaf.digestNew);
  const lists = await tx.approverList.findMany({ where: { digest: { in: declared } }, orderBy: { version: 'asc' } });
  for (const { tenantRef, version, envelope } of lists)
    files.set(layout.approverListFile(tenantRef, version), envelope);
}

/** Signed refusals, each under the digest that its leaf names; one that came after the checkpoint has no leaf here. */
async function addRefusals(tx: Tx, { run, leaves }: Evidence, files: Files): Promise<void> {
  const logged = new Set(leavesOf(leaves, 'gate.refused').map(({ leaf }) => leaf.envelopeDigest));
  for (const { envelope } of await tx.gateRefusal.findMany({ where: { runId: run.id } })) {
    const digest = digestOf(envelope);
    if (logged.has(digest)) files.set(layout.gateRefusalFile(digest), envelope);
  }
}

async function addGrants(tx: Tx, { run }: Evidence, files: Files): Promise<void> {
  const grants = await tx.grant.findMany({ where: { runId: run.id } });
  for (const { digest, envelope } of grants) files.set(layout.grantFile(digest), envelope);
}

async function addPolicy({ db, policy }: Deps, { leaves }: Evidence, files: Files): Promise<void> {
  files.set(layout.LOCK_FILE, Buffer.from(policy.lock));
  for (const [path, text] of Object.entries(policy.files)) {
    if (path !== 'bundle.lock') files.set(`${layout.POLICY_FOLDER}${path}`, Buffer.from(text));
  }
  const ids = leavesOf(leaves, 'policy.decided').map(({ leaf }) => leaf.decisionId);
  const rows = await db.prisma.policyDecision.findMany({ where: { id: { in: ids } }, orderBy: { at: 'asc' } });
  const lines = rows.map((row) =>
    canonicalBytes({ decisionId: row.id, input: JSON.parse(Buffer.from(row.input).toString('utf8')) }),
  );
  files.set(layout.INPUTS_FILE, Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])));
}

async function addLedger(tx: Tx, { run, leaves }: Evidence, files: Files): Promise<void> {
  const stored = await tx.privacyCharge.findMany({ where: { runId: run.id } });
  const rows = leavesOf(leaves, 'privacy.charged').map(({ leaf }) => {
    const { scope, ledgerRef, chargeId, epsilonMicro, totalMicro, capMicro, deltaInv, time } = leaf;
    const charge = stored.find((row) => row.chargeId === chargeId);
    const at = {
      run: leaf.run ?? run.id,
      round: leaf.round ?? charge?.round ?? 0,
      attempt: leaf.attempt ?? charge?.attempt ?? 0,
    };
    return {
      scope,
      ledgerRef,
      chargeId,
      ...at,
      mechanism: charge?.mechanism ?? 'none',
      epsilonMicro,
      totalMicro,
      capMicro,
      deltaInv,
      at: time,
    };
  });
  files.set(layout.LEDGER_FILE, canonicalBytes({ v: 1, rows }));
}

/** Leaf certificates of accepted updates with what they chain to; each certificate once. */
async function addCertificates({ db, config }: Deps, { leaves }: Evidence, files: Files): Promise<void> {
  const serials = [...new Set(leavesOf(leaves, 'update.accepted').map(({ leaf }) => leaf.serial))];
  const rows = await db.prisma.certificate.findMany({ where: { serial: { in: serials } }, orderBy: { serial: 'asc' } });
  const chains = [...rows.map((row) => row.chainPem), readSignerPublic(config.signerPublicFile).rootPem].join('\n');
  const blocks = chains.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  files.set(layout.CERTIFICATES_FILE, Buffer.from(`${[...new Set(blocks)].join('\n')}\n`));
}

async function addModel({ db, artifacts }: Deps, { version }: Evidence, files: Files): Promise<void> {
  const row = await db.prisma.artifact.findUnique({ where: { digest: version.digest } });
  if (row && row.size <= MODEL_AT_MOST) files.set(layout.MODEL_FILE, await artifacts.get(version.digest));
}
