import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as layout from '../bundle/layout.ts';
import { readBundleZip, scanBundleZip, writeBundleZip } from '../bundle/zip.ts';
import { tell } from '../testing/draft.ts';
import { append, drop, fixture } from '../testing/fixture.ts';
import { sealDraft } from '../testing/seal-draft.ts';
import { replay } from '../testing/test-replay.ts';
import { verifyBundle } from './verify-bundle.ts';

const { rosterBody, certificates, trust, good, verdictOf } = await fixture();

/** Reads the members of the good bundle, lets the test change them, and zips again without sealing again. */
function reZipped(tamper: (files: Map<string, Uint8Array>) => void) {
  const files = new Map(readBundleZip(good));
  tamper(files);
  return verifyBundle(writeBundleZip(files), { trust, replay });
}

describe('a good bundle', () => {
  it('is VERIFIED with trust, UNANCHORED without', () => {
    const anchored = verifyBundle(good, { trust, replay });
    expect(anchored.checks.filter((c) => !c.ok)).toEqual([]);
    expect(anchored.checks.map((c) => c.id)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22]);
    expect(anchored).toMatchObject({ verdict: 'VERIFIED', exit: 0 });
    expect(verifyBundle(good, { trust: rosterBody, replay }).exit).toBe(0);
    const alone = verifyBundle(good, { replay });
    expect(alone).toMatchObject({ verdict: 'UNANCHORED', exit: 3 });
    expect(alone.fingerprint).toMatch(/^([0-9a-f]{4} ){15}[0-9a-f]{4}$/);
  });

  it('says with every verdict what it does not show', () => {
    const { notShown } = verifyBundle(good, { trust, replay });
    expect(notShown).toEqual([expect.stringMatching(/belong to no run/), expect.stringMatching(/^Nothing after leaf/)]);
    expect(verifyBundle(Buffer.from('x'), { replay }).notShown).toEqual([expect.stringMatching(/belong to no run/)]);
    const draft = tell(rosterBody, certificates);
    drop('tenant.created')(draft);
    expect(verifyBundle(sealDraft(draft), { trust, replay }).notShown.at(-1)).toMatch(/regions of 1 tenants/);
  });

  it('verifies with proofs under an older checkpoint, and with a budget that is spent', () => {
    expect(verdictOf({ seal: { olderSize: 40 } })).toEqual({ exit: 0, detail: '' });
    expect(verdictOf({ story: { epsilonTotalMicro: 3_000_000 } })).toEqual({ exit: 0, detail: '' });
  });

  it('fails a layer that this verifier cannot replay, never skips it', () => {
    const { checks, exit } = verifyBundle(good, { trust });
    expect(exit).toBe(17);
    expect(checks.filter((c) => !c.ok).map((c) => c.id)).toEqual([17, 18, 19, 22]);
  });

  it('refuses an unreadable trust file as a mistake of the caller', () => {
    expect(() => verifyBundle(good, { trust: Buffer.from('{}'), replay })).toThrow(
      expect.objectContaining({ code: 'BUNDLE' }),
    );
  });

  it('fails for any flipped bit', () => {
    fc.assert(
      fc.property(fc.nat(good.length * 8 - 1), fc.nat(9), (bit, whole) => {
        const flipped = Buffer.from(good);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        // The archive alone must give it away; one in ten goes through all layers.
        expect(scanBundleZip(flipped).fault).toBeDefined();
        if (whole === 0)
          expect(verifyBundle(flipped, { trust, replay })).toMatchObject({ verdict: 'FAILED', exit: 10 });
      }),
      { numRuns: 400 },
    );
  });

  it('fails, and does not throw, on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(verifyBundle(bytes, { trust, replay }).exit).toBe(10);
      }),
    );
  });
});

describe('10 FORMAT', () => {
  it('names what is missing or malformed', () => {
    for (const name of [layout.ROOT_FILE, layout.LEAVES_FILE, layout.CHECKPOINT_FILE, layout.rosterFile(1)])
      expect(reZipped((files) => files.delete(name)).exit).toBe(10);
    expect(verdictOf({ seal: { touch: (files) => append(files, layout.LEAVES_FILE, '{}\n') } }).exit).toBe(10);
    expect(verdictOf({ seal: { touch: (files) => files.set('grants/x', Buffer.from('{}')) } }).exit).toBe(10);
  });
});

describe('11 DIGEST', () => {
  it('names the changed, added or missing file', () => {
    const changed = reZipped((files) => append(files, 'report.html', ' '));
    expect(changed).toMatchObject({ exit: 11 });
    expect(changed.checks[1]!.detail).toMatch(/^report\.html has another digest/);
    expect(reZipped((files) => files.set('extra', Buffer.from('x'))).checks[1]!.detail).toMatch(/^extra is not/);
    expect(reZipped((files) => files.delete('report.html')).checks[1]!.detail).toMatch(
      /^report\.html is in the statement/,
    );
  });

  it('names the file that a flipped bit of the zip is in', () => {
    const flipped = Buffer.from(good);
    flipped[flipped.indexOf('<h1>Report')]! ^= 1;
    expect(verifyBundle(flipped, { trust, replay }).checks[1]!.detail).toMatch(/^report\.html/);
  });
});
