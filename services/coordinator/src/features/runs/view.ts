import { parseGrant } from '@sumveil/approvals';
import { parsePlan } from '@sumveil/secagg';
import { type JsonOf, parseDsse, type routes } from '@sumveil/wire';
import type { Tx } from '../../db/client.ts';
import type { Deps } from '../../deps.ts';
import { CoordinatorError } from '../../error.ts';
import type { Prisma } from '../../generated/prisma/client.ts';
import type { Person } from '../../http/identity.ts';
import { plansFor } from '../plans/service.ts';
import { waitsUntil } from '../rounds/next-attempt.ts';
import { isCollecting, rules } from '../rounds/phase.ts';

type Status = JsonOf<(typeof routes.runStatus)['response']>;
type RunView = Status['run'];
type RoundView = Status['rounds'][number];

const withAll = { plan: true, grants: true } satisfies Prisma.RunInclude;
type FullRun = Prisma.RunGetPayload<{ include: typeof withAll }>;

export async function listRuns(deps: Deps, person: Person): Promise<RunView[]> {
  const tx = deps.db.prisma;
  const plans = new Set((await plansFor(tx, person)).map((plan) => plan.digest));
  const runs = await tx.run.findMany({ include: withAll, orderBy: { createdAt: 'desc' }, take: 200 });
  return Promise.all(runs.filter((run) => plans.has(run.planDigest)).map((run) => runView(deps, tx, run)));
}

/** With `seen`, waits until the state differs from it; at the end of the long-poll the unchanged state is the answer. */
export async function runStatus(
  deps: Deps,
  person: Person,
  runId: string,
  seen: string | undefined,
  signal: AbortSignal,
): Promise<Status> {
  await requireRunFor(deps.db.prisma, person, runId);
  const changed = await deps.notify.wait(
    'sumveil_run',
    async () => {
      const status = await statusOf(deps, runId);
      return status.seen === seen ? undefined : status;
    },
    {
      timeoutMs: seen === undefined ? 0 : deps.timings.longPoll,
      pollMs: deps.timings.poll * 2,
      signal,
      matches: (payload) => payload === '' || payload === runId,
    },
  );
  return changed ?? statusOf(deps, runId);
}

export async function requireRunFor(tx: Tx, person: Person, runId: string): Promise<FullRun> {
  const run = await tx.run.findUnique({ where: { id: runId }, include: withAll });
  const plans = run ? await plansFor(tx, person) : [];
  if (!run || !plans.some((plan) => plan.digest === run.planDigest))
    throw new CoordinatorError('NOT_FOUND', 'There is no such run.');
  return run;
}

export async function runView(deps: Pick<Deps, 'timings'>, tx: Tx, run: FullRun): Promise<RunView> {
  const version = await tx.modelVersion.findFirst({ where: { runId: run.id }, orderBy: { version: 'desc' } });
  const grant = run.grants.find((one) => one.id === run.grantId);
  const asked = await tx.scheduleOccurrence.findUnique({ where: { runId: run.id } });
  return {
    runId: run.id,
    planDigest: run.planDigest,
    planName: run.plan.name,
    model: run.modelName,
    state: run.state as RunView['state'],
    reason: run.reason,
    round: run.round,
    rounds: run.rounds,
    cohort: grant ? parseGrant(parseDsse(grant.envelope)).cohort.members : [],
    modelDigest: run.modelDigest,
    version: version?.version ?? null,
    scheduleId: asked?.scheduleId ?? null,
    waitsUntil: run.state === 'running' ? ((await waitsUntil(tx, deps, run.id))?.toISOString() ?? null) : null,
    createdAt: run.createdAt.toISOString(),
    endedAt: run.endedAt?.toISOString() ?? null,
  };
}

async function statusOf(deps: Deps, runId: string): Promise<Status> {
  const tx = deps.db.prisma;
  const run = await tx.run.findUniqueOrThrow({ where: { id: runId }, include: withAll });
  const rounds = await roundViews(deps, runId);
  const decisions = await tx.policyDecision.findMany({ where: { planDigest: run.planDigest }, orderBy: { at: 'asc' } });
  const view = {
    run: await runView(deps, tx, run),
    rounds,
    decisions: decisions.map(({ id, action, effect, cause, reasons }) => ({
      decisionId: id,
      action,
      effect: effect as 'allow' | 'deny',
      cause,
      reasons,
    })),
  };
  const last = rounds.at(-1);
  const seen = [run.state, rounds.length, last?.phase, last?.answered, last?.survivors, last?.witnesses?.have].join(
    '.',
  );
  return { seen, ...view };
}

async function roundViews(deps: Deps, runId: string): Promise<RoundView[]> {
  const tx = deps.db.prisma;
  const attempts = await tx.attempt.findMany({
    where: { runId },
    orderBy: [{ round: 'asc' }, { attempt: 'asc' }],
    include: { lists: { select: { phase: true, members: true } }, _count: { select: { messages: true } } },
  });
  const evaluations = new Map((await tx.evaluation.findMany({ where: { runId } })).map((row) => [row.round, row]));
  const log = await deps.log.status();
  const covering = await cosigners(tx, runId);
  return Promise.all(
    attempts.map(async (attempt) => {
      const { cohort } = parsePlan(attempt.planBody);
      const evaluation = attempt.phase === 'released' ? evaluations.get(attempt.round) : undefined;
      const u3 = attempt.lists.find((list) => list.phase === 'u3')?.members;
      const ended = attempt.phase === 'released' || attempt.phase === 'failed';
      const away = ended && u3 ? cohort.filter((idx) => !u3.includes(idx)) : [];
      const tenants =
        away.length > 0 ? await tx.tenant.findMany({ where: { idx: { in: away } }, orderBy: { idx: 'asc' } }) : [];
      const answered = isCollecting(attempt.phase)
        ? await tx.message.count({ where: { attemptId: attempt.id, kind: rules[attempt.phase].answer, late: false } })
        : (u3?.length ?? 0);
      return {
        round: attempt.round,
        attempt: attempt.attempt,
        stage: attempt.stage,
        phase: attempt.phase,
        cohort: cohort.length,
        answered,
        survivors: attempt.phase === 'released' ? (u3?.length ?? null) : null,
        dropped: tenants.map((tenant) => tenant.ref),
        failCode: attempt.failCode,
        metrics: (evaluation?.metrics ?? {}) as RoundView['metrics'],
        metricsWithheld: evaluation?.withheld ?? false,
        witnesses: { have: covering.get(attempt.id) ?? 0, needs: log.needs },
        openedAt: attempt.createdAt.toISOString(),
        endedAt: attempt.endedAt?.toISOString() ?? null,
      };
    }),
  );
}

/** For each attempt, the most witnesses on one checkpoint that covers its `round.opened` leaf. */
async function cosigners(tx: Tx, runId: string): Promise<Map<string, number>> {
  const rows = await tx.$queryRaw<{ id: string; have: number }[]>`
    SELECT a.id, max(c.have)::int AS have
    FROM attempt a
    JOIN audit_leaf l ON l.key = a.leaf_key
    JOIN (SELECT log, size, count(*) AS have FROM audit_cosig GROUP BY log, size) c ON c.log = l.log AND c.size > l.idx
    WHERE a.run_id = ${runId}
    GROUP BY a.id`;
  return new Map(rows.map(({ id, have }) => [id, have]));
}
