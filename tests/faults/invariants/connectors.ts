import { controlCall, type EgressRow, openOffline } from '@sumveil/connector';
import type { Tenant } from '@sumveil/constellation';
import { digestOf, encodeSigned } from '@sumveil/wire';
import type { Facts } from './facts.ts';

interface Sent {
  readonly kind: string;
  readonly idx: number;
  readonly plan: string;
  readonly body: Buffer;
  readonly sig: Buffer;
}

const once = ['m0', 'm1', 'm2', 'm3', 'm4', 'abort'];

/** I2 as the connectors recorded it: one message of a kind for one plan, ever, and the coordinator holds those bytes. */
export async function connectorFaults({ rows, runIds, tenants }: Facts): Promise<string[]> {
  const messages = await rows.all<Sent>(
    `SELECT m.kind, m.idx, encode(a.plan_hash, 'base64') AS plan, m.body, m.sig
       FROM message m JOIN attempt a ON a.id = m.attempt_id WHERE a.run_id = ANY($1) AND NOT m.late`,
    [runIds],
  );
  const faults: string[] = [];
  for (const tenant of tenants) {
    const entries = await egressOf(tenant);
    const recorded = Map.groupBy(
      entries.filter(({ what, runId }) => once.includes(what) && runIds.includes(runId ?? '')),
      ({ what, planHash }) => `${what} ${planHash}`,
    );
    for (const [place, found] of recorded)
      if (new Set(found.map(({ digest }) => digest)).size > 1) faults.push(`I2: ${tenant.slug} sent two ${place}`);
    for (const { kind, plan, body, sig, idx } of messages) {
      if (idx !== tenant.idx) continue;
      const planHash = Buffer.from(plan, 'base64').toString('base64url');
      const known = recorded.get(`${kind} ${planHash}`) ?? [];
      // The recorded M1 covers the envelopes that came with it; the coordinator keeps those apart.
      const same = kind === 'm1' || known.some(({ digest }) => digest === digestOf(encodeSigned({ body, sig })));
      if (known.length === 0 || !same) faults.push(`I2: ${tenant.slug} has no record of its ${kind} of ${planHash}`);
    }
  }
  return faults;
}

/** Through the control socket while the connector runs, else from its file. */
async function egressOf(tenant: Tenant): Promise<EgressRow[]> {
  try {
    const { body } = await controlCall(tenant.stateDir, 'GET', '/v1/egress?limit=10000');
    return (body as { entries: EgressRow[] }).entries;
  } catch {
    const state = openOffline(tenant.stateDir);
    try {
      return state.egress({ limit: 10_000 });
    } finally {
      state.close();
    }
  }
}
