import { describe, expect, it } from 'vitest';
import * as layout from '../bundle/layout.ts';
import { formatTlogProof, parseTlogProof } from '../proof/tlog-proof.ts';
import { digestOfByte } from '../testing/cast.ts';
import { type Case, fixture } from '../testing/fixture.ts';
import { keyOfByte } from '../testing/keys.ts';
import type { SealOptions } from '../testing/seal-draft.ts';

const { verdictOf } = await fixture();

describe('13 CHECKPOINT', () => {
  it.each<[string, Case]>([
    ['a checkpoint by another log key', { seal: { logKey: keyOfByte(0x98) } }],
    ['a seal that speaks of another size', { seal: { predicate: { asOf: { size: 5, root: digestOfByte(1) } } } }],
    [
      'a checkpoint without its signature',
      { seal: { touch: (files) => files.set(layout.CHECKPOINT_FILE, Buffer.from('x\n1\ny\n')) } },
    ],
  ])('%s', (_, c) => {
    expect(verdictOf(c).exit).toBe(13);
  });
});

describe('14 QUORUM', () => {
  it('three witnesses where four are needed', () => {
    const { exit, detail } = verdictOf({ seal: { cosigners: [0, 1, 2] } });
    expect([exit, detail]).toEqual([14, 'log/checkpoint: witnesses 3 of 5 (needs 4)']);
    expect(verdictOf({ seal: { cosigners: [0, 1, 2, 2, 2] } }).exit).toBe(14);
    expect(verdictOf({ seal: { cosigners: [0, 1, 2, 4] } }).exit).toBe(0);
  });
});

describe('15 INCLUSION', () => {
  it('a leaf that was changed after it was logged, a proof of another leaf, and none', () => {
    const swap = (files: Map<string, Uint8Array>) => {
      const proof = parseTlogProof(files.get(layout.proofFile(7))!);
      files.set(layout.proofFile(3), formatTlogProof(proof));
    };
    expect(verdictOf({ seal: { touch: swap } }).detail).toMatch(/proves leaf 7/);
    expect(verdictOf({ seal: { touch: (files) => files.delete(layout.proofFile(3)) } }).exit).toBe(15);
    const forge = (files: Map<string, Uint8Array>) => {
      const text = Buffer.from(files.get(layout.LEAVES_FILE)!).toString();
      files.set(layout.LEAVES_FILE, Buffer.from(text.replaceAll('"CHG-1"', '"CHG-9"')));
    };
    expect(verdictOf({ seal: { touch: forge } }).exit).toBe(15);
  });
});

describe('16 CONSISTENCY', () => {
  it('an older checkpoint of another tree, of the same size, and one without its proof', () => {
    const older = 40;
    const fork: SealOptions['touch'] = (files) =>
      files.set(layout.consistencyFile(older), Buffer.from(`${'A'.repeat(43)}=\n`));
    expect(verdictOf({ seal: { olderSize: older, touch: fork } }).exit).toBe(16);
    const missing: SealOptions['touch'] = (files) => files.delete(layout.consistencyFile(older));
    expect(verdictOf({ seal: { olderSize: older, touch: missing } }).exit).toBe(16);
  });

  it('a proof that is newer than log/checkpoint', () => {
    const touch: SealOptions['touch'] = (files, { tree, note }) =>
      void files.set(layout.CHECKPOINT_FILE, note(40, tree.root(40)));
    const { exit } = verdictOf({ seal: { touch } });
    expect(exit).toBe(13);
  });
});
