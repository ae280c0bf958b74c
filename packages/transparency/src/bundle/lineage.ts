import type { EventType, LeafOf } from '../leaf/leaf.ts';
import type { LoggedLeaf } from './leaves.ts';
import type { BundlePredicate } from './statement.ts';

/** Answers of `sumveil audit ask`, each row with the leaf it follows from. Nothing in here that is not in a leaf. */
export interface Lineage {
  readonly v: 1;
  readonly model: string;
  readonly version: number;
  readonly modelDigest: string;
  readonly asOf: BundlePredicate['asOf'];
  readonly answers: Readonly<Record<Question, readonly Row[]>>;
}
export type Row = Readonly<Record<string, unknown>> & { readonly leaf: number };

const ROWS = {
  contributors: {
    'update.accepted': ({ run, round, attempt, tenantRef, serial }: LeafOf<'update.accepted'>, sums: Sums) => ({
      round,
      attempt,
      tenantRef,
      serial,
      inSum: sums.get(attemptKey(run, round, attempt))?.includes(tenantRef) === false,
    }),
  },
  approvals: approvalRows(),
  privacy: {
    'privacy.charged': (l: LeafOf<'privacy.charged'>) => ({
      scope: l.scope,
      ledgerRef: l.ledgerRef,
      epsilonMicro: l.epsilonMicro,
      totalMicro: l.totalMicro,
      capMicro: l.capMicro,
      deltaInv: l.deltaInv,
    }),
  },
  decisions: {
    'policy.decided': ({ decisionId, action, effect, cause, reasons, bundle }: LeafOf<'policy.decided'>) => ({
      decisionId,
      action,
      effect,
      cause,
      reasons,
      bundle,
    }),
  },
  refusals: {
    'gate.refused': ({ tenantRef, code, time }: LeafOf<'gate.refused'>) => ({ by: 'gate', tenantRef, code, at: time }),
    'sign.refused': ({ kind, code, time }: LeafOf<'sign.refused'>) => ({ by: 'signer', kind, code, at: time }),
  },
  dropouts: {
    'round.closed': roundEnd,
    'round.aborted': roundEnd,
  },
  ancestry: {
    'model.version_created': ({ version, digest, parentDigest, run }: LeafOf<'model.version_created'>) => ({
      version,
      digest,
      parentDigest,
      ...(run === undefined ? {} : { run }),
    }),
  },
  interventions: interventionRows(),
} as const;

export type Question = keyof typeof ROWS;

/** Attempts whose sum was released → who was invited and is not in it. */
type Sums = ReadonlyMap<string, readonly string[]>;

const attemptKey = (run: string, round: number, attempt: number) => `${run} ${round} ${attempt}`;

/** An update that was accepted is in no sum when its attempt failed, or its tenant was dropped before the list closed. */
function sumsIn(leaves: readonly LoggedLeaf[]): Sums {
  const released = new Set<string>();
  const sums = new Map<string, readonly string[]>();
  for (const { leaf } of leaves) {
    if (leaf.type !== 'aggregate.released' && leaf.type !== 'round.closed') continue;
    const { run, round, attempt, ...rest } = leaf as LeafOf<'aggregate.released'> | LeafOf<'round.closed'>;
    const key = attemptKey(run, round, attempt);
    if ('dropped' in rest) sums.set(key, rest.dropped);
    else released.add(key);
  }
  return new Map([...sums].filter(([key]) => released.has(key)));
}

/** Derives lineage.json from the leaves of a bundle; the verifier derives it again and compares bytes. */
export function lineageOf(leaves: readonly LoggedLeaf[], predicate: BundlePredicate): Lineage {
  const { model, version, modelDigest, asOf } = predicate;
  const sums = sumsIn(leaves);
  const answers = Object.fromEntries(
    Object.entries(ROWS).map(([question, makers]) => [question, answer(leaves, makers as Makers, sums)]),
  ) as Record<Question, Row[]>;
  return { v: 1, model, version, modelDigest, asOf, answers };
}

type Makers = Partial<Record<EventType, (leaf: LoggedLeaf['leaf'], sums: Sums) => Record<string, unknown>>>;

function answer(leaves: readonly LoggedLeaf[], makers: Makers, sums: Sums): Row[] {
  return leaves.flatMap(({ idx, leaf }) => {
    const make = makers[leaf.type];
    return make ? [{ ...make(leaf, sums), leaf: idx }] : [];
  });
}

function roundEnd(leaf: LeafOf<'round.closed'>) {
  const { round, attempt, phase, survivors, dropped } = leaf;
  return { round, attempt, phase, survived: survivors, dropped };
}

function approvalRows() {
  const row = (decision: string) => (leaf: LeafOf<'approval.granted'>) => {
    const { ticket, role, approverRef, tenantRef, time, expiresAt } = leaf;
    return { ticket, role, approverRef, tenantRef, decision, at: time, expiresAt };
  };
  return {
    'approval.granted': row('granted'),
    'approval.refused': row('refused'),
    'approval.withdrawn': row('withdrawn'),
    'approval.expired': row('expired'),
  };
}

/** What was done to a run beside its rounds: by whom, why, and under which ticket. */
function interventionRows() {
  const acts = ['run.paused', 'run.resumed', 'run.aborted'] as const;
  const more = ['breakglass.used', 'writer.fenced', 'update.quarantined', 'recovery.reconciled'] as const;
  const row = ({ type, time }: LoggedLeaf['leaf']) => ({ what: type, at: time });
  const act = (leaf: LeafOf<'run.paused'> | LeafOf<'run.resumed'> | LeafOf<'run.aborted'>) => {
    const reason = 'outcome' in leaf ? leaf.code : leaf.reasonCode;
    const ticket = 'ticket' in leaf ? leaf.ticket : undefined;
    return {
      ...row(leaf as LoggedLeaf['leaf']),
      by: leaf.actor.kind === 'person' ? leaf.actor.ref : leaf.actor.kind,
      ...(reason === undefined ? {} : { reason }),
      ...(ticket === undefined ? {} : { ticket }),
    };
  };
  return Object.fromEntries([...acts.map((type) => [type, act]), ...more.map((type) => [type, row])]);
}
