import { canonicalBytes, digestOf, sha256, toBase64url } from '@sumveil/wire';
import { colluders, quorum } from '../parameters.ts';
import { roundHalfEven } from '../quantisation/rounding.ts';
import type { Roster } from '../roster/roster.ts';
import { auxNormBound2 } from './arithmetic.ts';
import { type AuxItem, type PlanBody, planFault } from './body.ts';
import { largestLinf, normBound2 } from './dpBounds.ts';
import { type GrantFields, parseGrant } from './grant.ts';
import { cutGroup, type Reveal } from './groups.ts';
import { parsePlan } from './plan.ts';
import { type PlanFile, parsePlanFile, type Stage } from './planFileSchema.ts';

/** What people approved, plus the tenants' roster. */
export interface RoundInputs {
  /** plan file bytes as submitted */
  readonly planFile: Uint8Array;
  /** DSSE payload bytes of the grant; its signature and approvals are checked elsewhere */
  readonly grantPayload: Uint8Array;
  readonly roster: Roster;
}

/** The only things of a round plan that the coordinator may choose, within bounds. Hashes are base64url of 32 bytes. */
export interface RoundArgs {
  readonly round: number;
  readonly attempt: number;
  readonly retryOf: string;
  readonly prevManifest: string;
  readonly modelHash: string;
  /** ms since 1970: ends of M0 (with M0b), M1, M2, M3, M4 */
  readonly deadlines: readonly number[];
  readonly reveals?: readonly Reveal[] | undefined;
  readonly index?: number | undefined;
}

/**
 * The round plan of section 4: canonical body bytes, a pure function of approved bytes and the arguments. Coordinator,
 * signer and every connector compute it, and a connector refuses a signed body that differs in any byte.
 *
 * @throws SecaggError `PLAN` or `PLAN_FILE`
 */
export function roundPlan({ planFile, grantPayload, roster }: RoundInputs, args: RoundArgs): Buffer {
  const { file, raw } = parsePlanFile(planFile);
  const grant = parseGrant(grantPayload);
  checkAgreement(file, grant, planFile, args);
  const stageIndex = stageOf(file, args.round);
  const stage = file.stages[stageIndex]!;
  const seats = cohortOf(file, grant, roster, args);
  const n = seats.cohort.length;
  const aux = stage.aux.map(auxItemOf);
  const ring = ringOf(file, stage, n);
  const body = canonicalBytes({
    type: 'plan',
    v: 1,
    ...suiteAndMode(file, roster),
    rosterHash: toBase64url(roster.rosterHash),
    planDigest: toBase64url(sha256(planFile)),
    grantDigest: toBase64url(sha256(grantPayload)),
    jobId: grant.runId,
    round: args.round,
    attempt: args.attempt,
    retryOf: args.retryOf,
    prevManifest: args.prevManifest,
    modelHash: args.modelHash,
    taskHash: toBase64url(sha256(canonicalBytes({ stage: raw.stages[stageIndex], task: raw.task }))),
    codeHash: digestToField(grant.codeDigest),
    ...seats,
    threshold: quorum(n, seats.c),
    minSurvivors: file.aggregation.minSurvivors ?? quorum(n, seats.c),
    ...ring,
    dp: dpOf(file, grant, ring),
    aux,
    auxNoise: auxNoiseOf(file, aux),
    leaseSeconds: file.leaseSeconds,
    ...timesOf(file, grant, args),
  } satisfies PlanBody);
  parsePlan(body);
  return body;
}

function checkAgreement(file: PlanFile, grant: GrantFields, planFile: Uint8Array, args: RoundArgs): void {
  if (grant.planDigest !== digestOf(planFile)) throw planFault('the grant is for another plan file');
  if (grant.codeDigest !== file.code.digest) throw planFault('grant and plan file name different code');
  if (grant.baseModelDigest !== file.model.digest) throw planFault('grant and plan file name different models');
  if (args.round === 1 && args.modelHash !== digestToField(grant.baseModelDigest)) {
    throw planFault('round 1 does not start from the approved model');
  }
}

function stageOf(file: PlanFile, round: number): number {
  if (!Number.isSafeInteger(round) || round < 1) throw planFault('rounds count from 1');
  let last = 0;
  for (const [i, stage] of file.stages.entries()) {
    last += stage.rounds;
    if (round <= last) return i;
  }
  throw planFault(`round ${round} lies behind the last stage`);
}

function cohortOf(file: PlanFile, grant: GrantFields, roster: Roster, args: RoundArgs) {
  const refs = grant.cohort.members;
  if (new Set(refs).size !== refs.length) throw planFault('the grant names a tenant twice');
  if (refs.length < Math.max(file.cohort.min, grant.cohort.min)) throw planFault('the grant has too few tenants');
  const tenants = refs.map((ref) => rosterIndex(ref, file, roster)).sort((a, b) => a - b);
  const seats = seatsOf(tenants, file, grant, roster, args);
  const n = seats.cohort.length;
  if (n < roster.minCohort) throw planFault(`the cohort is below the roster's minCohort ${roster.minCohort}`);
  return { ...seats, c: Math.max(seats.c, colluders(n, roster.cNum, roster.cDen), file.aggregation.c) };
}

function seatsOf(tenants: number[], file: PlanFile, grant: GrantFields, roster: Roster, args: RoundArgs) {
  const count = file.aggregation.groups;
  if (count === undefined) {
    if (args.reveals !== undefined || args.index !== undefined) throw planFault('the plan file asks for no groups');
    return { cohort: tenants, c: 0 };
  }
  if (args.reveals === undefined || args.index === undefined) throw planFault('the plan file asks for groups');
  return cutGroup(tenants, count, args.index, args.reveals, { roster, jobId: grant.runId });
}

function rosterIndex(ref: string, file: PlanFile, roster: Roster): number {
  if (!file.cohort.members.includes(ref)) throw planFault('the grant names a tenant that the plan file does not');
  const member = roster.members.find((candidate) => candidate.tenantRef === ref);
  if (member === undefined) throw planFault('the grant names a tenant that is not in the roster');
  return member.idx;
}

function suiteAndMode({ aggregation: { suite, mode, graph } }: PlanFile, roster: Roster) {
  const chosen = suite ?? roster.suites.at(-1)!;
  if (!roster.suites.includes(chosen)) throw planFault(`suite ${chosen} is not in the roster`);
  if (!roster.modes.includes(mode)) throw planFault(`mode ${mode} is not in the roster`);
  return { suite: chosen, mode, ...(graph && { graph }) };
}

function ringOf(file: PlanFile, stage: Stage, n: number) {
  const { bits, chunkElems, scaleLog2, clip, linf, rounding } = file.aggregation;
  const dim = stage.tensors.reduce((sum, tensor) => sum + tensor.shape.reduce((a, b) => a * b, 1), 0);
  const clipQ = scaled(clip, scaleLog2);
  const { mechanism, sigma2 } = file.privacy;
  const fits = Number(largestLinf(bits, n, mechanism === 'none' ? 0n : BigInt(sigma2!)));
  return {
    dim,
    bits,
    chunkElems,
    scaleLog2,
    clipQ,
    linfQ: linf === undefined ? Math.min(clipQ, fits) : scaled(linf, scaleLog2),
    rounding: rounding ?? (mechanism === 'ddg' ? 'stochastic' : 'nearest'),
  } as const;
}

function scaled(value: number, scaleLog2: number): number {
  const integer = roundHalfEven(value * 2 ** scaleLog2);
  if (!Number.isSafeInteger(integer) || integer < 1) throw planFault('a clip is no integer >= 1 at this scale');
  return integer;
}

function auxItemOf({ name, kind, len, scaleLog2, max, classes }: Stage['aux'][number]): AuxItem {
  return { name, kind, len, scaleLog2, max: max ?? String(classes!.at(-1)) };
}

function auxNoiseOf(file: PlanFile, aux: readonly AuxItem[]) {
  const sigma2 = file.aggregation.auxSigma2;
  return { sigma2, normBound2: sigma2 === '0' ? '0' : String(auxNormBound2(aux)) };
}

function dpOf(
  { privacy }: PlanFile,
  grant: GrantFields,
  { clipQ, dim }: { clipQ: number; dim: number },
): PlanBody['dp'] {
  if (privacy.mechanism === 'none') return { mech: 'none' };
  return {
    mech: 'ddg',
    unit: privacy.unit!,
    sigma2: privacy.sigma2!,
    normBound2: String(normBound2(privacy.unit!, clipQ, dim)),
    deltaInv: grant.deltaInv,
    epsMilliCap: Math.floor(grant.epsilonTotalMicro / 1000),
  };
}

function timesOf(file: PlanFile, grant: GrantFields, { deadlines }: RoundArgs) {
  const [first, second, third, fourth, fifth] = deadlines;
  if (deadlines.length !== 5) throw planFault('a plan has five deadlines');
  const phases = ['share', 'masked', 'consistency', 'unmask'] as const;
  for (const [i, phase] of phases.entries()) {
    const seconds = (deadlines[i + 1]! - deadlines[i]!) / 1000;
    const [least, most] = file.deadlines[phase];
    if (!(seconds >= least && seconds <= most)) throw planFault(`the ${phase} phase lasts outside ${least}..${most} s`);
  }
  const expires = fifth! + 1000 * file.deadlines.grace;
  if (first! < grant.notBefore) throw planFault('it starts before the grant');
  if (expires > grant.expiresAt) throw planFault('it ends after the grant');
  return { deadlines: [first!, second!, third!, fourth!, fifth!] as PlanBody['deadlines'], expires };
}

function digestToField(digest: string): string {
  return toBase64url(Buffer.from(digest.slice('sha256:'.length), 'hex'));
}
