import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { signCheckpoint } from '../note/checkpoint.ts';
import { openNote, splitNote } from '../note/note.ts';
import { COSIGNATURE_TYPE, LOG_TYPE, parseVerifierKey, verifierKeyOf } from '../note/verifier-key.ts';
import { keyOfByte } from '../testing/keys.ts';
import { MemoryTree } from '../tree/memory-tree.ts';
import { addCheckpointBody, parseAddCheckpoint } from './request.ts';
import { type WitnessState, witnessAdd } from './witness.ts';

const vectors = JSON.parse(
  readFileSync(new URL('../../../../tests/vectors/log/witness-add-checkpoint.json', import.meta.url), 'utf8'),
);
const witness = { name: 'w.example', key: keyOfByte(0x21) };
const now = 1_790_000_000;

describe.each([
  ['published', vectors],
  ['product', vectors.product],
])('witness (%s sequence of witness-add-checkpoint.json)', (_, sequence) => {
  it('answers every request in turn as expected', () => {
    const logKey = parseVerifierKey(sequence.logVkey);
    let state: WitnessState;
    for (const [i, step] of sequence.steps.entries()) {
      const deps = { logKeys: [logKey], origin: logKey.name, witness, now };
      const answer = witnessAdd(state, Buffer.from(step.request), deps);
      expect([i, step.name, answer.status]).toEqual([i, step.name, step.status]);
      if (step.contentType) expect(answer.contentType).toBe(step.contentType);
      if (step.body) expect(answer.body.toString()).toBe(step.body);
      if (answer.status === 200) {
        const { text } = splitNote(parseAddCheckpoint(Buffer.from(step.request)).note);
        const key = verifierKeyOf(witness.name, COSIGNATURE_TYPE, witness.key);
        const note = Buffer.concat([Buffer.from(`${text}\n`), answer.body]);
        expect(openNote(note, [key]).verified).toEqual([{ key, time: now }]);
      } else expect(answer.state).toBe(state);
      state = answer.state;
    }
  });
});

describe('witness against a log that lies', () => {
  const logKey = keyOfByte(1);
  const origin = 'log.example';
  const deps = { logKeys: [verifierKeyOf(origin, LOG_TYPE, logKey)], origin, witness, now };
  const grow = (tree: MemoryTree, count: number, leaf: string) => {
    for (let i = 0; i < count; i++) tree.append(Buffer.from(`${leaf}${tree.size}`));
    return tree;
  };
  const ask = (state: WitnessState, tree: MemoryTree, old: number) =>
    witnessAdd(
      state,
      addCheckpointBody({
        old,
        proof: old > 0 ? tree.consistency(old) : [],
        note: signCheckpoint({ origin, size: tree.size, root: tree.root() }, logKey),
      }),
      deps,
    );

  it('follows growth, and keeps a signed fork as evidence', () => {
    const first = ask(undefined, grow(new MemoryTree(), 5, 'a'), 0);
    expect(first.status).toBe(200);
    const more = ask(first.state, grow(grow(new MemoryTree(), 5, 'a'), 4, 'a'), 5);
    expect(more).toMatchObject({ status: 200, state: { size: 9 } });
    expect(ask(more.state, grow(new MemoryTree(), 12, 'b'), 9)).toMatchObject({ status: 422, fork: true });
    expect(ask(more.state, grow(new MemoryTree(), 9, 'b'), 9)).toMatchObject({ status: 422, fork: true });
  });

  it('tells its own size when the log remembers another', () => {
    const { state } = ask(undefined, grow(new MemoryTree(), 5, 'a'), 0);
    const answer = ask(state, grow(new MemoryTree(), 9, 'a'), 4);
    expect(answer).toMatchObject({ status: 409, contentType: 'text/x.tlog.size', fork: false });
    expect(answer.body.toString()).toBe('5\n');
  });
});
