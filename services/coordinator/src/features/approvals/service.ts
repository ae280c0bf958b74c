import {
  type Approval,
  ApprovalsError,
  envelopeDigest,
  parseApproval,
  verifyApproval,
  verifyApproverList,
} from '@sumveil/approvals';
import { memberByTenant, parseDsse, WireError } from '@sumveil/wire';
import { personActor } from '../../actor.ts';
import { databaseNow, type Tx } from '../../db/client.ts';
import type { Deps } from '../../deps.ts';
import { CoordinatorError } from '../../error.ts';
import type { Person } from '../../http/identity.ts';
import { loadPlan } from '../../plan/approved-plan.ts';
import { requireRoster } from '../../roster/in-force.ts';
import { judgeCohort } from '../decisions/facts.ts';
import { requirePlanFor } from '../plans/service.ts';

/**
 * Carries a signed approval, refusal or withdrawal. What counts is the envelope: signed with the approver's own key, which
 * stands on the list that the tenant's connector signed. The coordinator could not make one.
 */
export async function submitApproval(
  deps: Deps,
  person: Person,
  bytes: Buffer,
): Promise<{ approvalId: string; decision: Approval['decision'] }> {
  return deps.db.transaction(async (tx) => {
    const approval = await verified(tx, bytes);
    if (approval.tenantRef !== person.tenantRef || approval.approverRef !== person.userRef) {
      throw new CoordinatorError(
        'MESSAGE_REFUSED',
        'The approval names another approver or tenant than the person who hands it in.',
      );
    }
    if (
      approval.subject.kind === 'plan' &&
      !(await tx.plan.findUnique({ where: { digest: approval.subject.digest } }))
    ) {
      throw new CoordinatorError(
        'NOT_FOUND',
        'No plan has the digest that the approval names: one changed byte is another plan.',
      );
    }
    const known = await tx.approval.findUnique({ where: { id: approval.approvalId } });
    if (known) {
      if (Buffer.from(known.envelope).equals(bytes))
        return { approvalId: approval.approvalId, decision: approval.decision };
      throw new CoordinatorError('CONFLICT', 'Another approval has this id already; make a new one.');
    }
    if (approval.decision === 'granted' && Date.parse(approval.expiresAt) <= (await databaseNow(tx)).getTime()) {
      throw new CoordinatorError('MESSAGE_REFUSED', 'The approval has expired; sign a new one.');
    }
    await insert(deps, tx, person, approval, bytes);
    return { approvalId: approval.approvalId, decision: approval.decision };
  });
}

async function verified(tx: Tx, bytes: Buffer): Promise<Approval> {
  const roster = await requireRoster(tx);
  try {
    const envelope = parseDsse(bytes);
    const claimed = parseApproval(envelope);
    const member = memberByTenant(roster, claimed.tenantRef);
    const list = await tx.approverList.findFirst({
      where: { tenantRef: claimed.tenantRef },
      orderBy: { version: 'desc' },
    });
    if (!member || !list) {
      throw new CoordinatorError(
        'MESSAGE_REFUSED',
        'The tenant has not declared its approvers yet: its admin does so at the connector.',
      );
    }
    const approvers = verifyApproverList(parseDsse(list.envelope), {
      tenantRef: claimed.tenantRef,
      rosterKey: member.rosterKey,
    });
    return verifyApproval(envelope, approvers);
  } catch (error) {
    if (error instanceof WireError || error instanceof ApprovalsError) {
      throw new CoordinatorError('MESSAGE_REFUSED', `The approval is refused: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

async function insert(deps: Deps, tx: Tx, person: Person, approval: Approval, bytes: Buffer): Promise<void> {
  const { approvalId, ticket, role, approverRef, tenantRef, subject, decision } = approval;
  const digest = envelopeDigest(parseDsse(bytes));
  await tx.approval.create({
    data: {
      id: approvalId,
      subjectKind: subject.kind,
      subjectDigest: subject.digest,
      tenantRef,
      approverRef,
      role,
      decision,
      ticketSystem: ticket.system,
      ticketId: ticket.id,
      issuedAt: new Date(approval.issuedAt),
      expiresAt: new Date(approval.expiresAt),
      envelope: Uint8Array.from(bytes),
      digest,
    },
  });
  await deps.log.appendLeaf(tx, {
    type: `approval.${decision}`,
    actor: personActor(person),
    approvalId,
    envelopeDigest: digest,
    ticket,
    role,
    approverRef,
    tenantRef,
    subject,
    expiresAt: approval.expiresAt,
    ...(approval.reasonCode ? { reasonCode: approval.reasonCode } : {}),
  });
}

/** Approvals of a plan and what they amount to, judged now by the same rule as the start. */
export async function planApprovals(deps: Deps, person: Person, digest: string) {
  const tx = deps.db.prisma;
  await requirePlanFor(tx, person, digest);
  const rows = await tx.approval.findMany({
    where: { subjectKind: 'plan', subjectDigest: digest },
    orderBy: { receivedAt: 'asc' },
  });
  const plan = await loadPlan(tx, digest);
  const cohort = await judgeCohort(tx, plan, await requireRoster(tx), plan.manifest.cohort.members);
  return {
    approvals: rows.map((row) => ({
      approvalId: row.id,
      tenantRef: row.tenantRef,
      approverRef: row.approverRef,
      role: row.role,
      decision: row.decision as Approval['decision'],
      ticket: { system: row.ticketSystem, id: row.ticketId },
      expiresAt: row.expiresAt.toISOString(),
    })),
    tenants: cohort.tenants.map((tenant) => ({
      tenantRef: tenant.tenantRef,
      in: tenant.in,
      reasons: [...tenant.reasons],
    })),
  };
}
