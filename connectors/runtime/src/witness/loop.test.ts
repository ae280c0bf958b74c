import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@sumveil/telemetry';
import { addCheckpointBody, signCheckpoint } from '@sumveil/transparency';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openState, type State } from '../state/state.ts';
import { newBoard } from '../status/board.ts';
import { TestLog } from '../testing/log.ts';
import { goodParts, grantLeafOf } from '../testing/material.ts';
import { answerRequest, type WitnessSite } from './loop.ts';

const parts = goodParts();
const own = parts.tenants[0]!;
let folder: string;
let state: State;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sumveil-witness-'));
  state = openState(folder);
});
afterEach(() => {
  state.close();
  rmSync(folder, { recursive: true });
});

/** `answers` gets what is posted together with the size that is stored at that moment. */
function site(answers: { status: number; storedSize: number | undefined }[], notes: unknown[] = []): WitnessSite {
  const call = async (_: string, { body }: { body: { status: number; note?: string } }) => {
    answers.push({ status: body.status, storedSize: state.trust.witness()?.size });
    notes.push(body.note);
  };
  return {
    stateDir: folder,
    state,
    keys: { witness: own.witnessKey },
    member: { tenantRef: own.ref },
    client: { call },
    rosters: { pinned: () => parts.roster },
    board: newBoard(0),
    logger: createLogger({ process: 'connector', stream: { write: () => {} } }),
    now: () => parts.now,
    stopping: new AbortController().signal,
  } as unknown as WitnessSite;
}

function log(leaves: number, prefix = 'sha256'): TestLog {
  const made = new TestLog(parts.roster.logOrigin, parts.keys.log);
  for (let i = 0; i < leaves; i++)
    made.append({
      ...grantLeafOf(parts.grant, `sha256:${prefix === 'sha256' ? '0' : '1'}${'0'.repeat(63)}`),
      runSeq: i + 1,
    });
  return made;
}

function request(from: TestLog, old: number, size = from.tree.size): Buffer {
  const note = from.notes.get(size)!;
  return addCheckpointBody({ old, proof: old > 0 ? from.tree.consistency(old, size) : [], note });
}

describe('witness', () => {
  it('stores the new size before its cosignature leaves', async () => {
    const answers: { status: number; storedSize: number | undefined }[] = [];
    const here = site(answers);
    const one = log(5);
    expect(await answerRequest(here, request(one, 0, 3))).toBe(true);
    expect(await answerRequest(here, request(one, 3))).toBe(true);
    expect(answers).toEqual([
      { status: 200, storedSize: 3 },
      { status: 200, storedSize: 5 },
    ]);
    expect(state.egress.list().map((entry) => entry.what)).toEqual(['cosignature', 'cosignature']);
  });

  it('goes on where it was after a restart', async () => {
    const one = log(5);
    await answerRequest(site([]), request(one, 0));
    state.close();
    state = openState(folder);
    const answers: { status: number; storedSize: number | undefined }[] = [];
    expect(await answerRequest(site(answers), request(one, 0))).toBe(false);
    expect(answers).toEqual([{ status: 409, storedSize: 5 }]);
  });

  it('cosigns no second history, and remembers that there was one', async () => {
    const notes: unknown[] = [];
    const here = site([], notes);
    const one = log(5);
    await answerRequest(here, request(one, 0));
    expect(await answerRequest(here, request(log(7, 'other'), 5))).toBe(false);
    // The first history goes along, under the log's own signature.
    expect(notes).toEqual([undefined, one.notes.get(5)!.toString('utf8')]);
    expect(state.trust.witness()).toMatchObject({ size: 5, fork: true });
    expect(here.board.warnings().join()).toMatch(/two histories/);
    expect(readdirSync(folder).filter((name) => name.startsWith('fork-'))).toHaveLength(1);
  });

  it('cosigns nothing under another log key', async () => {
    const stranger = goodParts().keys.log;
    const one = log(2);
    const note = signCheckpoint({ origin: parts.roster.logOrigin, size: 2, root: one.tree.root() }, stranger);
    const answers: { status: number; storedSize: number | undefined }[] = [];
    expect(await answerRequest(site(answers), addCheckpointBody({ old: 0, proof: [], note }))).toBe(false);
    expect(answers).toEqual([{ status: 403, storedSize: undefined }]);
  });
});
