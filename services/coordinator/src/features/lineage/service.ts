import { canonicalBytes, digestOf } from '@sumveil/wire';
import type { Deps } from '../../deps.ts';
import { CoordinatorError } from '../../error.ts';
import type { Person } from '../../http/identity.ts';
import { findSubject, recordReading, requireAccess, type Subject } from './access.ts';
import { bundleFiles } from './bundle-files.ts';
import { collectEvidence, type Evidence } from './evidence.ts';
import { reportPage } from './html/page.ts';
import { buildReport, predicateOf } from './report.ts';
import { sealFiles } from './seal.ts';

type Named = { model: string; version: number };

/** The report of a model version, as a page or as JSON. Reading it is a leaf, written before it is handed out. */
export async function readReport(
  deps: Deps,
  person: Person,
  named: Named & { format: 'html' | 'json' },
  reason: string,
): Promise<Buffer> {
  const subject = await findSubject(deps, person, { model: named.model, version: named.version });
  await requireAccess(deps, person, 'readLineage', subject, reason);
  const evidence = await settledEvidence(deps, subject, false);
  const report = await buildReport(deps, evidence);
  const bytes = named.format === 'html' ? Buffer.from(await reportPage(report)) : canonicalBytes(report);
  const reading = {
    type: 'audit.read',
    subject,
    reason,
    asOfSize: report.asOf.size,
    resultDigest: digestOf(bytes),
  } as const;
  await recordReading(deps, person, reading);
  return bytes;
}

/**
 * The evidence bundle of a model version whose run has ended: a run that still goes on has no last leaf, and a bundle
 * without one could not show that nothing was left out.
 *
 * @throws CoordinatorError `CONFLICT` while the run goes on
 */
export async function exportBundle(
  deps: Deps,
  person: Person,
  named: Named,
  reason: string,
  signal: AbortSignal,
): Promise<Buffer> {
  const subject = await findSubject(deps, person, named);
  await requireAccess(deps, person, 'exportReport', subject, reason);
  const evidence = await settledEvidence(deps, subject, true);
  const files = await bundleFiles(deps, evidence);
  const bundle = await sealFiles(deps, files, predicateOf(evidence), signal);
  const asOfSize = Number(evidence.checkpoint.size);
  const resultDigest = digestOf(bundle);
  await recordReading(deps, person, {
    type: 'report.exported',
    subject,
    reason,
    asOfSize,
    resultDigest,
    bundleDigest: resultDigest,
  });
  return bundle;
}

/** Leaves of a run's end are not gated; they are under a quorum a few seconds later at most. */
async function settledEvidence(deps: Deps, subject: Subject, whole: boolean): Promise<Evidence> {
  const run = await deps.db.prisma.run.findUniqueOrThrow({ where: { id: subject.version.runId } });
  const ended = run.state === 'completed' || run.state === 'aborted';
  if (whole && !ended) {
    const text = `Run ${run.id} is ${run.state}: its bundle can be exported when it has ended. The report can be read now.`;
    throw new CoordinatorError('CONFLICT', text);
  }
  const look = async () => {
    const evidence = await collectEvidence(deps, subject).catch(unlessUncovered);
    const complete =
      evidence &&
      (!ended || evidence.leaves.some(({ leaf }) => leaf.type === 'run.completed' || leaf.type === 'run.aborted'));
    return complete ? evidence : undefined;
  };
  const evidence = await deps.notify.wait('sumveil_quorum', look, {
    timeoutMs: deps.timings.reportEvidence,
    pollMs: deps.timings.longPollLook,
    signal: deps.stopping,
  });
  if (evidence) return evidence;
  const text =
    'The log does not cover this version and the end of its run with enough witnesses yet; ask again in a moment.';
  throw new CoordinatorError('UNAVAILABLE', text, { retryAfterSeconds: 2 });
}

function unlessUncovered(error: unknown): undefined {
  if (error instanceof CoordinatorError && error.code === 'UNAVAILABLE') return undefined;
  throw error;
}
