import { buildApproval, envelopeDigest } from '@sumveil/approvals';
import { canonicalBytes, type DsseEnvelope, digestOf, dsseBytes } from '@sumveil/wire';
import * as layout from '../bundle/layout.ts';
import type { Leaf, LeafOf } from '../leaf/leaf.ts';
import type { PlanFacts } from '../verify/replay.ts';
import { iso, RUN, START } from './cast.ts';

/** Leaves and files before anything is hashed into a tree: what a test tampers with. */
export interface Draft {
  readonly rosterBody: Buffer;
  readonly leaves: Leaf[];
  readonly files: Map<string, Uint8Array>;
}

/** Input of a policy decision as `gateRequest` of @sumveil/policy builds it. */
export interface DecisionInput {
  principal: object;
  action: { type: string; id: string };
  resource: { type: string; id: string };
  context: Record<string, unknown>;
  entities: { uid: { type: string; id: string }; attrs: Record<string, unknown>; parents: object[] }[];
}
/** Changes the recorded input of a decision before its digest is logged. */
export type Touch = (input: DecisionInput, decisionId: string) => void;

type Approved = Parameters<typeof buildApproval>[0];

/** Writes leaves and the files they name, a second apart. */
export class Teller {
  readonly draft: Draft;
  readonly #touch: Touch | undefined;
  #runSeq = 0;
  #seconds = 0;

  constructor(draft: Draft, touch?: Touch) {
    this.draft = draft;
    this.#touch = touch;
  }

  now(): string {
    return iso(START + this.#seconds * 1000);
  }

  /** Logs a leaf one second after the one before; `inRun` gives it the run's next number. */
  log(type: Leaf['type'], fields: object, inRun = false): void {
    this.#seconds += 1;
    const hex = this.#seconds.toString(16).padStart(12, '0');
    const run = inRun ? { run: RUN, runSeq: ++this.#runSeq } : {};
    const actor = { kind: 'service', ref: 'coordinator', via: 'worker' };
    const leaf = { v: 1, id: `01939000-0000-7000-8000-${hex}`, type, time: this.now(), actor, ...run, ...fields };
    this.draft.leaves.push(leaf as unknown as Leaf);
  }

  /** An allow decision about the run, from the approvals and charges that are logged by now. */
  decide(action: string, decisionId: string, plan: { digest: string; facts: PlanFacts; epsNextMicro: number }): void {
    const input = inputOf(this.draft, action, { ...plan, now: Date.parse(this.now()) });
    this.#touch?.(input, decisionId);
    const before = this.draft.files.get(layout.INPUTS_FILE) ?? new Uint8Array();
    const line = canonicalBytes({ decisionId, input });
    this.draft.files.set(layout.INPUTS_FILE, Buffer.concat([before, line, Buffer.from('\n')]));
    const bundle = digestOf(this.draft.files.get(layout.LOCK_FILE)!);
    const decided = { decisionId, action, effect: 'allow', cause: 'permit', reasons: ['round.allow'], bundle };
    this.log('policy.decided', { ...decided, inputDigest: digestOf(canonicalBytes(input)) }, true);
  }

  approve(fields: Approved, key: Parameters<typeof buildApproval>[1]): DsseEnvelope {
    const envelope = buildApproval(fields, key);
    const digest = envelopeDigest(envelope);
    this.draft.files.set(layout.approvalFile(digest), dsseBytes(envelope));
    const { approvalId, ticket, role, approverRef, tenantRef, subject, expiresAt, decision } = fields;
    this.log(`approval.${decision}`, {
      approvalId,
      envelopeDigest: digest,
      ticket,
      role,
      approverRef,
      tenantRef,
      subject,
      expiresAt,
    });
    return envelope;
  }
}

function inputOf(
  { leaves, files }: Draft,
  action: string,
  { digest, facts, epsNextMicro, now }: { digest: string; facts: PlanFacts; epsNextMicro: number; now: number },
): DecisionInput {
  const granted = leaves.filter((l) => l.type === 'approval.granted') as LeafOf<'approval.granted'>[];
  const charged = leaves.filter((l) => l.type === 'privacy.charged') as LeafOf<'privacy.charged'>[];
  const regions = facts.regions.map((id) => ({ __entity: { type: 'Sumveil::Region', id } }));
  const model = { type: 'Sumveil::Model', id: facts.model };
  const run = { type: 'Sumveil::Run', id: RUN };
  return {
    principal: { type: 'Sumveil::Service', id: 'coordinator' },
    action: { type: 'Sumveil::Action', id: action },
    resource: run,
    context: {
      now,
      planDigest: digest,
      cohortSize: new Set(granted.map((a) => a.tenantRef)).size,
      cohortRegions: regions,
      epsSpentMicro: charged.reduce((sum, { epsilonMicro }) => sum + epsilonMicro, 0),
      epsNextMicro,
      approvals: granted.map(({ ticket, role, approverRef: approver, tenantRef: tenant, expiresAt }) => {
        const name = `${ticket.system}:${ticket.id}`;
        return { ticket: name, role, approver, tenant, planDigest: digest, expiresAt: Date.parse(expiresAt) };
      }),
      approvedRoles: ['data-steward', 'privacy-officer'],
      distinctApprovers: new Set(granted.map((a) => a.approverRef)).size,
      requesterIsApprover: false,
      approvalsExpireAt: Math.min(...granted.map((a) => Date.parse(a.expiresAt))),
      policyBundle: digestOf(files.get(layout.LOCK_FILE)!),
    },
    entities: [
      {
        uid: run,
        attrs: {
          model: { __entity: model },
          planDigest: digest,
          minCohort: facts.minCohort,
          epsBudgetMicro: facts.epsilonTotalMicro,
          needRoles: facts.needRoles,
          needApprovers: facts.needApprovers,
        },
        parents: [model],
      },
      { uid: model, attrs: { riskTier: 'standard', allowedRegions: regions }, parents: [] },
    ],
  };
}
