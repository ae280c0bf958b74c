import { parseRoster } from '@sumveil/secagg';
import { trustBytes, trustOf } from '@sumveil/wire';
import { newestTlsPair } from '../certificate/tls-files.ts';
import { loadOwnKeys, readMembership } from '../enrolment/identity-files.ts';
import { ConnectorError } from '../error.ts';
import type { EgressRow } from '../state/egress.ts';
import type { RunResults } from '../state/results.ts';
import { openState, type State } from '../state/state.ts';
import { type RosterShown, showCertificate, showRoster, showWithdrawals } from './answers.ts';
import { storeWithdrawal } from './approvers.ts';

/** The state of a stopped connector, for the command line. It holds the file's lock until it is closed. */
export interface OfflineState {
  status(): {
    state: 'stopped';
    tenantRef: string;
    idx: number;
    name: string;
    certificateSerial: string;
    certificateIssuedAt: string;
    certificateExpiresAt: string;
    roster: RosterShown | null;
  };
  egress(page?: { limit?: number; before?: number }): EgressRow[];
  results(): { tenantRef: string; runs: RunResults[] };
  roster(): RosterShown | null;
  trust(): Buffer;
  storeWithdrawal(envelope: Uint8Array): { stored: true; digest: string };
  withdrawals(): ReturnType<typeof showWithdrawals>;
  close(): void;
}

/** @throws ConnectorError `STATE_BUSY` while the connector runs, `STATE` when nothing is enrolled here */
export function openOffline(stateDir: string, now: () => number = Date.now): OfflineState {
  const member = readMembership(stateDir);
  if (!member) throw new ConnectorError('STATE', 'No connector is enrolled in this folder.', 'Check the folder.');
  const state: State = openState(stateDir);
  const keys = loadOwnKeys(stateDir);
  const { tenantRef, idx, name } = member;
  const pinned = () => {
    const row = state.trust.pinned().at(-1);
    return row && parseRoster(row.body);
  };
  const roster = () => {
    const newest = pinned();
    return newest ? showRoster(newest, { tenantRef, ...keys }) : null;
  };
  return {
    status: () => ({
      state: 'stopped',
      tenantRef,
      idx,
      name,
      ...showCertificate(newestTlsPair(stateDir)),
      roster: roster(),
    }),
    egress: (page) => state.egress.list(page),
    results: () => ({ tenantRef, runs: state.results.all() }),
    roster,
    trust() {
      const newest = pinned();
      if (!newest) throw new ConnectorError('ROSTER_NONE', 'No roster is pinned.', 'Start the connector and pin one.');
      return trustBytes(trustOf(newest, newest.rosterHash));
    },
    storeWithdrawal: (envelope) => storeWithdrawal(state, envelope, now()),
    withdrawals: () => showWithdrawals({ state }),
    close: () => state.close(),
  };
}
