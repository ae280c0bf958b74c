import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientError } from '@sumveil/client';
import { decodeSigned, sha256, type Task, toBase64url } from '@sumveil/wire';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Site } from '../site.ts';
import { openState, type State } from '../state/state.ts';
import { goodParts, NOW, RUN, rawMaterial } from '../testing/material.ts';
import { fetchReleased } from './released.ts';

const parts = goodParts();
const { plan } = rawMaterial(parts);
const planHash = toBase64url(sha256(decodeSigned(plan).body));
const task: Task = { id: '1', kind: 'result', runId: RUN, round: 1, attempt: 0, planHash };

let folder: string;
let state: State;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sumveil-released-'));
  state = openState(folder);
});
afterEach(() => {
  state.close();
  rmSync(folder, { recursive: true });
});

/** The coordinator has a good plan to show and no manifest yet. */
function fetched(): Promise<unknown> {
  const call = async (name: string) => {
    if (name === 'attemptPlan') return { plan: Buffer.from(plan).toString('base64') };
    throw new ClientError('NOT_FOUND', 'none');
  };
  const site = { client: { call }, rosters: { byHash: () => parts.roster }, state } as unknown as Site;
  return fetchReleased(site, task, undefined);
}

it('takes no result of a second plan for an attempt that was joined under another one', async () => {
  await expect(fetched()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  state.attempts.open({ runId: RUN, round: 1, attempt: 0, planHash: 'another' }, NOW);
  await expect(fetched()).rejects.toMatchObject({ code: 'RESULT_REFUSED' });
});
