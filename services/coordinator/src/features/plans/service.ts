import { checkModel, checkPlanLearning, parseTask, readModel } from '@sumveil/learning';
import { readPlanFile, SecaggError } from '@sumveil/secagg';
import { digestOf, manifestFaults, type PlanManifest } from '@sumveil/wire';
import { personActor } from '../../actor.ts';
import type { Tx } from '../../db/client.ts';
import type { Deps } from '../../deps.ts';
import { CoordinatorError } from '../../error.ts';
import type { Person } from '../../http/identity.ts';
import { epsilonCapMicro } from '../../plan/approved-plan.ts';

/** Bytes of a base model, checked to be a model before they get a name. */
export async function uploadModel(deps: Deps, bytes: Buffer): Promise<{ digest: string; size: number }> {
  try {
    readModel(bytes);
  } catch (cause) {
    throw new CoordinatorError(
      'BAD_REQUEST',
      `The file is not a safetensors model: ${(cause as Error).message}. Nothing was kept.`,
      { cause },
    );
  }
  const stored = await deps.artifacts.put(bytes, { maxBytes: bytes.length });
  await deps.db.prisma.artifact.createMany({
    data: [{ digest: stored.digest, size: BigInt(stored.size), mediaType: 'application/safetensors' }],
    skipDuplicates: true,
  });
  return stored;
}

/** Takes a plan file whole or lists every fault with its path. The same bytes again are the same plan. */
export async function submitPlan(
  deps: Deps,
  person: Person,
  bytes: Buffer,
): Promise<{ planDigest: string; name: string }> {
  const manifest = validPlan(bytes);
  const digest = digestOf(bytes);
  const model = await baseModel(deps, manifest);
  await deps.db.transaction(async (tx) => {
    if (await tx.plan.findUnique({ where: { digest } })) return;
    await requireReferences(tx, manifest, model);
    await tx.plan.create({
      data: { digest, bytes: Uint8Array.from(bytes), name: manifest.name, requesterRef: person.userRef },
    });
    await deps.log.appendLeaf(tx, {
      type: 'plan.submitted',
      actor: personActor(person),
      planDigest: digest,
      baseModelDigest: manifest.model.digest,
      codeDigest: manifest.code.digest,
      requesterRef: person.userRef,
      eligible: manifest.cohort.members,
      minCohort: manifest.cohort.min,
      epsilonTotalMicro: epsilonCapMicro({ manifest } as never),
      deltaInv: Number(manifest.privacy.deltaInv ?? 1),
    });
  });
  return { planDigest: digest, name: manifest.name };
}

function validPlan(bytes: Buffer): PlanManifest {
  let value: unknown;
  try {
    value = readPlanFile(bytes);
  } catch (cause) {
    if (!(cause instanceof SecaggError)) throw cause;
    throw new CoordinatorError('PLAN_INVALID', `The file cannot be read as a plan: ${cause.detail ?? cause.message}`, {
      cause,
    });
  }
  const faults = manifestFaults(value);
  const plan = value as PlanManifest;
  if (faults.every(({ path }) => !path.startsWith('task') && !path.startsWith('stages')))
    faults.push(...checkPlanLearning(plan));
  if (faults.length > 0)
    throw new CoordinatorError(
      'PLAN_INVALID',
      `The plan has ${faults.length} fault${faults.length > 1 ? 's' : ''}; none of it was kept.`,
      { faults },
    );
  return plan;
}

/** Named tenants, regions and the base model must exist, so that approvals never bind to a plan that cannot run. */
async function requireReferences(tx: Tx, manifest: PlanManifest, model: Buffer | undefined): Promise<void> {
  const faults: { path: string; message: string }[] = [];
  const tenants = await tx.tenant.findMany({ where: { ref: { in: manifest.cohort.members } } });
  manifest.cohort.members.forEach((ref, i) => {
    const tenant = tenants.find((one) => one.ref === ref);
    if (!tenant) faults.push({ path: `cohort.members.${i}`, message: 'no tenant has this ref' });
    else if (!manifest.regions.includes(tenant.region))
      faults.push({ path: `cohort.members.${i}`, message: 'the tenant’s region is not among regions' });
    if (manifest.cohort.members.indexOf(ref) !== i)
      faults.push({ path: `cohort.members.${i}`, message: 'named twice' });
  });
  if (manifest.cohort.min > manifest.cohort.members.length)
    faults.push({ path: 'cohort.min', message: 'more than there are members' });
  if (model) faults.push(...checkModel(parseTask(manifest.task), readModel(model)));
  else faults.push({ path: 'model.digest', message: 'no artifact has this digest; upload the base model first' });
  if (faults.length > 0)
    throw new CoordinatorError('PLAN_INVALID', 'The plan names what does not exist; none of it was kept.', { faults });
}

async function baseModel(deps: Deps, { model }: PlanManifest): Promise<Buffer | undefined> {
  const known = await deps.db.prisma.artifact.findUnique({ where: { digest: model.digest } });
  return known ? deps.artifacts.get(model.digest) : undefined;
}

/** Plans that concern the person: all for the platform and auditors, else those in which their tenant is eligible. */
export async function plansFor(tx: Tx, person: Person) {
  const plans = await tx.plan.findMany({ orderBy: { submittedAt: 'desc' }, take: 200 });
  return plans.filter((plan) => concerns(person, plan.bytes));
}

/** @throws CoordinatorError NOT_FOUND, also for a plan of others */
export async function requirePlanFor(tx: Tx, person: Person, digest: string) {
  const plan = await tx.plan.findUnique({ where: { digest } });
  if (!plan || !concerns(person, plan.bytes)) throw new CoordinatorError('NOT_FOUND', 'There is no such plan.');
  return plan;
}

function concerns(person: Person, bytes: Uint8Array): boolean {
  if (person.tenantRef === 'platform') return true;
  return (readPlanFile(bytes) as PlanManifest).cohort.members.includes(person.tenantRef ?? '');
}
