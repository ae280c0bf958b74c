import { ZERO_HASH } from '../messages/fields.ts';
import { quorum } from '../parameters.ts';
import { type AuxItem, auxLength, type PlanBody, planFault } from './body.ts';
import { largestLinf, noiseTail, normBound2 } from './dpBounds.ts';

/** Rules between the fields of a plan (sections 2, 4, 12, 14, 16). @throws SecaggError `PLAN` */
export function checkPlanArithmetic(plan: PlanBody): void {
  checkQuorums(plan);
  checkSequence(plan);
  checkMode(plan);
  checkAux(plan);
  checkNoise(plan);
  checkRoom(plan);
}

function checkQuorums({ cohort, c, threshold, minSurvivors }: PlanBody): void {
  const n = cohort.length;
  if (c > n - 2) throw planFault(`c = ${c} leaves fewer than two of ${n} tenants honest`);
  if (threshold !== quorum(n, c)) throw planFault('threshold is not floor((n+c)/2)+1');
  if (threshold > n) throw planFault('the quorum exceeds the cohort');
  if (minSurvivors < threshold || minSurvivors > n) throw planFault(`minSurvivors is outside ${threshold}..${n}`);
}

function checkSequence({ round, attempt, retryOf, prevManifest, deadlines, expires }: PlanBody): void {
  if ((attempt === 0) !== (retryOf === ZERO_HASH)) throw planFault('retryOf is zero for attempt 0 and only then');
  if (round === 1 && prevManifest !== ZERO_HASH) throw planFault('round 1 has no manifest before it');
  if (deadlines.some((time, i) => i > 0 && time < deadlines[i - 1]!)) throw planFault('deadlines go back');
  if (expires < deadlines[4]) throw planFault('it expires before its last deadline');
}

function checkMode({ mode, graph, cohort, chunkElems, group }: PlanBody): void {
  if ((mode === 'graph') !== (graph !== undefined)) throw planFault('graph is present in graph mode and only then');
  if (graph !== undefined) {
    const { a1, k, t } = graph;
    if (k % 2 !== 0 || k > cohort.length - 2) throw planFault('graph.k is odd or too large for the cohort');
    if (a1 + 1 > k / 2 || t > 2 * (a1 + 1)) throw planFault('graph parameters break the side check');
  }
  if ((chunkElems & (chunkElems - 1)) !== 0) throw planFault('chunkElems is not a power of two');
  if (group !== undefined && group.index >= group.count) throw planFault('group.index is out of range');
}

function checkAux({ aux, dim }: PlanBody): void {
  if (dim + auxLength(aux) === 0) throw planFault('it sums nothing');
  if (new Set(aux.map((item) => item.name)).size !== aux.length) throw planFault('two aux items have one name');
  for (const [i, item] of aux.entries()) {
    if (item.kind === 'weight' && (i > 0 || item.len !== 1))
      throw planFault('a weight is the first item and has len 1');
    if (item.kind === 'weight' && item.max === '0') throw planFault('the largest weight is 0');
    if (item.kind !== 'sum' && item.scaleLog2 !== 0)
      throw planFault(`aux item ${item.name} is an integer and has a scale`);
  }
}

function checkNoise({ dp, aux, auxNoise, rounding, clipQ, dim }: PlanBody): void {
  const auxSigma2 = BigInt(auxNoise.sigma2);
  if (auxSigma2 > 0n && auxSigma2 < 4n) throw planFault('auxNoise.sigma2 is neither 0 nor at least 4');
  if (BigInt(auxNoise.normBound2) !== (auxSigma2 === 0n ? 0n : auxNormBound2(aux))) {
    throw planFault('auxNoise.normBound2 is not Σ len·max²');
  }
  if (dp.mech === 'none') return;
  if (BigInt(dp.sigma2) < 4n) throw planFault('dp.sigma2 is below 4');
  if (rounding !== 'stochastic') throw planFault('noise needs stochastic rounding');
  if (aux.some((item) => item.kind === 'weight')) throw planFault('weights are not allowed with noise');
  if (aux.length > 0 && auxSigma2 === 0n) throw planFault('aux items need noise beside a noised model');
  if (BigInt(dp.normBound2) !== normBound2(dp.unit, clipQ, dim))
    throw planFault('dp.normBound2 does not follow from the clip');
}

function checkRoom({ cohort, bits, linfQ, dp, aux, auxNoise }: PlanBody): void {
  const n = cohort.length;
  const sigma2 = dp.mech === 'none' ? 0n : BigInt(dp.sigma2);
  if (BigInt(linfQ) > largestLinf(bits, n, sigma2)) throw planFault(`linfQ does not fit a ring of ${bits} bits`);
  const tail = noiseTail(n, BigInt(auxNoise.sigma2));
  for (const item of aux) {
    if (BigInt(n) * (BigInt(item.max) + 1n) + tail >= 1n << 63n)
      throw planFault(`aux item ${item.name} does not fit 64 bits`);
  }
}

/** Squared norm that one tenant's aux vector can have. */
export function auxNormBound2(aux: readonly AuxItem[]): bigint {
  return aux.reduce((sum, item) => sum + BigInt(item.len) * BigInt(item.max) ** 2n, 0n);
}
