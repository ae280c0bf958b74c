import { SecaggError } from './error.ts';

/** Local floors of a connector (section 2); only its own policy file can lower them. */
export interface LocalFloors {
  /** least cohort, default 5 */
  readonly minCohort?: number;
  /** least honest inputs T-c, default 3, never under 2 */
  readonly minHonest?: number;
}

export const DEFAULT_FLOORS = { minCohort: 5, minHonest: 3 } as const;
const LEAST_HONEST = 2;

/** T = floor((n+c)/2)+1, so that two quorums share more than c tenants. */
export function quorum(n: number, c: number): number {
  return Math.floor((n + c) / 2) + 1;
}

/** Colluders that the roster's fraction assumes: floor(n·cNum/cDen). */
export function colluders(n: number, cNum: number, cDen: number): number {
  return Math.floor((n * cNum) / cDen);
}

/** T-c: the least number of honest inputs in any sum. */
export function honestMinimum(n: number, c: number): number {
  return quorum(n, c) - c;
}

/** A = n+c-T+1: that many tenants having sworn off M4, fewer than T can still answer (section 15). */
export function abortCertificates(n: number, c: number): number {
  return n + c - quorum(n, c) + 1;
}

/** Cosignatures or approvals of N members that no coordinator with the assumed colluders can split. */
export function defaultWitnessQuorum(n: number, cNum: number, cDen: number): number {
  return quorum(n, colluders(n, cNum, cDen));
}

/** True when people have to be told that a round is small (section 2). */
export function belowDefaultFloors(n: number, c: number): boolean {
  return n < DEFAULT_FLOORS.minCohort || honestMinimum(n, c) < DEFAULT_FLOORS.minHonest;
}

/**
 * Fields of the local policy without which a connector refuses such a cohort; empty where the defaults suffice, null
 * where it refuses in any case.
 */
export function localFloorsNeeded(n: number, c: number): LocalFloors | null {
  const honest = honestMinimum(n, c);
  if (honest < LEAST_HONEST || quorum(n, c) > n) return null;
  return {
    ...(n < DEFAULT_FLOORS.minCohort && { minCohort: n }),
    ...(honest < DEFAULT_FLOORS.minHonest && { minHonest: honest }),
  };
}

/** @throws SecaggError `LOCAL_POLICY` */
export function checkLocalFloors({ n, c }: { n: number; c: number }, floors: LocalFloors): void {
  const minCohort = floors.minCohort ?? DEFAULT_FLOORS.minCohort;
  const minHonest = Math.max(floors.minHonest ?? DEFAULT_FLOORS.minHonest, LEAST_HONEST);
  const honest = honestMinimum(n, c);
  if (n < minCohort) {
    throw new SecaggError(
      'LOCAL_POLICY',
      `The cohort has ${n} tenants and the local policy asks for ${minCohort}. Join a larger one, or set minCohort.`,
    );
  }
  if (honest < minHonest) {
    throw new SecaggError(
      'LOCAL_POLICY',
      `A sum might hold only ${honest} honest inputs and the local policy asks for ${minHonest}. Join a larger cohort, or set minHonest.`,
    );
  }
}
