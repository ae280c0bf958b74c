import { trustBytes, trustOf } from '@sumveil/wire';
import { z } from 'zod';
import { runDoctor } from '../doctor/doctor.ts';
import { ConnectorError } from '../error.ts';
import { resultsDocument } from '../rounds/write-results.ts';
import type { Site } from '../site.ts';
import {
  ownRow,
  readHash,
  readyFault,
  showApprovers,
  showOffered,
  showRoster,
  showStatus,
  showWithdrawals,
} from './answers.ts';
import { setApprovers, storeWithdrawal } from './approvers.ts';

export interface ControlRequest {
  readonly query: URLSearchParams;
  readonly body: Buffer;
}

export interface ControlAnswer {
  readonly status: number;
  /** JSON value, or bytes that are sent as they are */
  readonly value: unknown;
}

type Handler = (request: ControlRequest) => ControlAnswer | Promise<ControlAnswer>;

const ok = (value: unknown): ControlAnswer => ({ status: 200, value });

/** What the tenant's administrator may ask a running connector; reachable through its 0600 socket alone. */
export function controlRoutes(site: Site, ended: () => boolean): Record<string, Handler> {
  const { state, rosters, now } = site;
  return {
    'GET /v1/status': () => ok(showStatus(site)),
    'GET /v1/probe/live': () => (ended() ? { status: 503, value: { ok: false, code: 'STOPPED' } } : ok({ ok: true })),
    'GET /v1/probe/ready'() {
      const code = readyFault(site);
      return code ? { status: 503, value: { ok: false, code } } : ok({ ok: true });
    },
    'GET /v1/egress': ({ query }) => ok({ entries: state.egress.list(page(query)) }),
    'GET /v1/results': () => ok(resultsDocument(site)),
    async 'GET /v1/roster'() {
      await rosters.refresh();
      const [pinned, offered] = [rosters.pinned(), rosters.offered()];
      return ok({
        pinned: pinned ? showRoster(pinned, ownRow(site)) : null,
        offered: offered ? showOffered(site, offered) : null,
      });
    },
    'GET /v1/roster/trust'() {
      const pinned = rosters.pinned();
      if (!pinned) throw new ConnectorError('ROSTER_NONE', 'No roster is pinned.', 'Pin one first.');
      return ok(trustBytes(trustOf(pinned, pinned.rosterHash)));
    },
    async 'POST /v1/roster/pin'({ body }) {
      const pinned = await rosters.pin(hashOf(body));
      return ok({ pinned: showRoster(pinned, ownRow(site)) });
    },
    'POST /v1/roster/approve': async ({ body }) => ok({ approved: true, pinned: await rosters.approve(hashOf(body)) }),
    'GET /v1/approvers': () => ok(showApprovers(site)),
    'POST /v1/approvers': async ({ body }) => ok(await setApprovers(site, json(body, approversBody).approvers)),
    'GET /v1/withdrawals': () => ok(showWithdrawals(site)),
    'POST /v1/withdrawals': ({ body }) => ok(storeWithdrawal(state, body, now())),
    'POST /v1/doctor': async () => ok(await runDoctor(site)),
  };
}

const hashBody = z.strictObject({ rosterHash: z.string().max(200) });
/** Fields are checked where the list is built and signed. */
const approversBody = z.strictObject({
  approvers: z
    .array(
      z.strictObject({
        approverRef: z.string(),
        roles: z.array(z.enum(['data-steward', 'privacy-officer'])),
        key: z.string(),
      }),
    )
    .max(1_000),
});

function hashOf(body: Buffer): string {
  const { rosterHash } = json(body, hashBody);
  try {
    return readHash(rosterHash);
  } catch {
    throw new ConnectorError('BAD_REQUEST', 'Not a roster hash.', 'Give 64 hex digits, or 43 characters of base64url.');
  }
}

function json<S extends z.ZodType>(body: Buffer, schema: S): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new ConnectorError('BAD_REQUEST', 'The body is not JSON.');
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new ConnectorError('BAD_REQUEST', z.prettifyError(parsed.error));
  return parsed.data;
}

function page(query: URLSearchParams): { limit?: number; before?: number } {
  const number = (name: string, most: number) => {
    const text = query.get(name);
    if (text === null) return undefined;
    if (!/^[1-9]\d{0,14}$/.test(text)) throw new ConnectorError('BAD_REQUEST', `${name} is not a positive number.`);
    return Math.min(Number(text), most);
  };
  const [limit, before] = [number('limit', 10_000), number('before', Number.MAX_SAFE_INTEGER)];
  return { ...(limit !== undefined && { limit }), ...(before !== undefined && { before }) };
}
