import { canonicalBytes, type Roster } from '@sumveil/wire';
import { keyOfByte, publicOf } from './keys.ts';

/** Five tenants; the roster key of number i has seed 0x11 + i, its witness key 0x21 + i, as in the vectors. */
export const TENANTS = ['a', 'b', 'c', 'd', 'e'].map((letter) => letter.repeat(16));
export const REQUESTER = 'r'.repeat(16);
export const RUN = 'run-1';
export const MODEL = 'length-of-stay';

export const keys = {
  log: keyOfByte(0x01),
  coordinator: keyOfByte(0x41),
  grant: keyOfByte(0x42),
  report: keyOfByte(0x43),
  roster: (i: number) => keyOfByte(0x11 + i),
  witness: (i: number) => keyOfByte(0x21 + i),
  steward: (i: number) => keyOfByte(0x61 + i),
  officer: (i: number) => keyOfByte(0x71 + i),
};

export const stewardRef = (i: number) => `${TENANTS[i]!.slice(0, 15)}2`;
export const officerRef = (i: number) => `${TENANTS[i]!.slice(0, 15)}3`;

export const START = Date.parse('2026-11-10T00:00:00.000Z');
export const iso = (ms: number): string => new Date(ms).toISOString();
/** `sha256:` and one byte 32 times. */
export const digestOfByte = (byte: number): string => `sha256:${byte.toString(16).padStart(2, '0').repeat(32)}`;
/** Certificate serial of tenant i. */
export const serialOf = (i: number): string => `4${i}${'0'.repeat(30)}`;

export function rosterBodyOf(change: Partial<Roster>): Buffer {
  const members = TENANTS.map((tenantRef, i) => ({
    idx: i + 1,
    tenantRef,
    rosterKey: publicOf(keys.roster(i)),
    witnessKey: publicOf(keys.witness(i)),
  }));
  const roster: Omit<Roster, 'rootSpki'> = {
    type: 'roster',
    v: 1,
    rosterId: 'example',
    epoch: 1,
    prevRoster: 'A'.repeat(43),
    members,
    coordinatorKey: publicOf(keys.coordinator),
    grantKey: publicOf(keys.grant),
    reportKey: publicOf(keys.report),
    logOrigin: 'log.sumveil.example/audit',
    logKey: publicOf(keys.log),
    witnessQuorum: 4,
    cNum: 1,
    cDen: 3,
    minCohort: 5,
    suites: [1, 2],
    modes: ['complete'],
  };
  return canonicalBytes({ ...roster, ...change });
}
