import { type Client, ClientError, createClient } from '@sumveil/client';
import { clientTls } from '@sumveil/identity';
import { type RouteName, routes } from '@sumveil/wire';
import type { TlsPair } from './certificate/tls-files.ts';
import type { Membership } from './enrolment/identity-files.ts';

const connectorRoutes = {
  renew: routes.renew,
  tasks: routes.tasks,
  connectorRoster: routes.connectorRoster,
  connectorRosterApprovals: routes.connectorRosterApprovals,
  approveRoster: routes.approveRoster,
  declareApprovers: routes.declareApprovers,
  declareLocalPolicy: routes.declareLocalPolicy,
  runPlan: routes.runPlan,
  runGrant: routes.runGrant,
  artifact: routes.artifact,
  refuse: routes.refuse,
  attemptPlan: routes.attemptPlan,
  phaseMaterial: routes.phaseMaterial,
  envelopes: routes.envelopes,
  submitMessage: routes.submitMessage,
  uploadChunk: routes.uploadChunk,
  attemptManifest: routes.attemptManifest,
  aggregateChunk: routes.aggregateChunk,
  witnessPoll: routes.witnessPoll,
  witnessAnswer: routes.witnessAnswer,
} as const satisfies Partial<Record<RouteName, unknown>>;

export type CoordinatorClient = Client<typeof connectorRoutes>;

/** The connector's only way out: mutual TLS to the connector listener, the pinned root as the only CA. */
export function coordinatorClient(baseUrl: string, member: Membership, pair: TlsPair): CoordinatorClient {
  return createClient(connectorRoutes, { baseUrl, tls: linkTls(member, pair) });
}

const passing: ReadonlySet<string> = new Set([
  'NETWORK',
  'TIMED_OUT',
  'UNAVAILABLE',
  'RATE_LIMITED',
  'TIMEOUT',
  'INTERNAL',
  'STORAGE_FULL',
  'UNAUTHENTICATED',
]);

export function linkTls({ rootPem, rootSpki }: Membership, { chainPem, key }: TlsPair): object {
  return clientTls({ rootsPem: [rootPem], rootSpki: [rootSpki], chainPem, key });
}

/**
 * True when the same call may succeed later: no answer, or one that says so; also one that does not know the certificate, which
 * is renewed beside.
 */
export function isPassing(error: unknown): boolean {
  return error instanceof ClientError && passing.has(error.code);
}

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && codes.includes((error as { code?: string }).code ?? '');
}
