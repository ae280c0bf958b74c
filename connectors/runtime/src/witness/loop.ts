import { join } from 'node:path';
import { errorCode } from '@sumveil/telemetry';
import {
  logVerifier,
  parseAddCheckpoint,
  peekCheckpoint,
  type WitnessAnswer,
  witnessAdd,
  witnessName,
} from '@sumveil/transparency';
import { digestOf } from '@sumveil/wire';
import { writeWhole } from '../files.ts';
import { pause } from '../pause.ts';
import type { Site } from '../site.ts';

/** What the witness needs of the site. */
export type WitnessSite = Pick<
  Site,
  'stateDir' | 'state' | 'keys' | 'member' | 'client' | 'rosters' | 'board' | 'logger' | 'now' | 'stopping' | 'timings'
>;

/** Cosigns the log's checkpoints from the moment a roster is pinned (governance section 5). */
export async function witnessLoop(site: WitnessSite): Promise<void> {
  const { rosters, client, board, logger, state, now, stopping, timings } = site;
  while (!stopping.aborted) {
    try {
      await rosters.whenPinned(stopping);
      const size = String(state.trust.witness()?.size ?? 0);
      const { request, ahead } = await client.call('witnessPoll', { query: { size }, signal: stopping });
      board.lastContactAt = now();
      if (ahead) await showOwn(site);
      const cosigned = request !== null && (await answerRequest(site, Buffer.from(request, 'utf8')));
      if (ahead || (request !== null && !cosigned)) await pause(timings.again, stopping);
    } catch (error) {
      if (stopping.aborted) return;
      logger.event('connector.waiting', { code: errorCode(error) });
      await pause(timings.again, stopping);
    }
  }
}

/**
 * Compare, commit, then answer (governance section 5). The first two are one synchronous step, so nothing comes between.
 *
 * @returns true when the checkpoint was cosigned
 */
export async function answerRequest(site: WitnessSite, request: Buffer): Promise<boolean> {
  const { client, logger } = site;
  // Before judging: what is held now is what a second history is held against.
  const held = site.state.trust.witness()?.note;
  const answer = site.state.transaction(() => judged(site, request));
  const size = sizeOf(request);
  logger.event('witness.answer', { code: String(answer.status), ...(size && { size }) });
  if (!size) return false;
  const { status, contentType, body } = answer;
  await client.call('witnessAnswer', {
    body: {
      size: String(size),
      status,
      ...(contentType && { contentType }),
      body: body.toString('utf8'),
      ...(held && (status === 409 || status === 422) && { note: held.toString('utf8') }),
    },
  });
  return status === 200;
}

/** The log has forgotten what it once signed, as after a restored backup: its own signature says so, and releases stop. */
async function showOwn({ client, state }: WitnessSite): Promise<void> {
  const own = state.trust.witness();
  if (!own?.note) return;
  const size = String(own.size);
  const said = { status: 409, contentType: 'text/x.tlog.size', body: `${size}\n` } as const;
  await client.call('witnessAnswer', { body: { size, ...said, note: own.note.toString('utf8') } });
}

/** The answer; with its state and its entry in the ledger when it is a cosignature. */
function judged(site: WitnessSite, request: Buffer): WitnessAnswer {
  const answer = judge(site, request);
  const { status, body } = answer;
  if (status === 200)
    site.state.egress.record({ what: 'cosignature', digest: digestOf(body), bytes: body.length }, site.now());
  return answer;
}

function judge({ stateDir, state, rosters, keys, member, board, now }: WitnessSite, request: Buffer): WitnessAnswer {
  const roster = rosters.pinned()!;
  const stored = state.trust.witness();
  const answer = witnessAdd(stored, request, {
    logKeys: [logVerifier(roster)],
    origin: roster.logOrigin,
    witness: { name: witnessName(roster.logOrigin, member.tenantRef), key: keys.witness },
    now: Math.floor(now() / 1_000),
  });
  if (answer.status === 200 && answer.state) {
    const { note } = parseAddCheckpoint(request);
    state.trust.setWitness({ size: answer.state.size, root: Buffer.from(answer.state.root), fork: false, note });
  }
  if (answer.fork) {
    // The log has signed two histories: its own words are the evidence. Nothing more is joined; the admin decides.
    writeWhole(join(stateDir, `fork-${digestOf(request).slice(7, 23)}.note`), request);
    const { size = 0, root = Buffer.alloc(32), note } = stored ?? {};
    state.trust.setWitness({ size, root, fork: true, note });
    board.warn(
      'FORK',
      'The audit log has shown two histories. This connector takes part in nothing until that is settled.',
    );
  }
  return answer;
}

function sizeOf(request: Buffer): number | undefined {
  try {
    const { size } = peekCheckpoint(parseAddCheckpoint(request).note);
    return size > 0 ? size : undefined;
  } catch {
    return undefined;
  }
}
