import { describe, expect, it } from 'vitest';
import { START, serialOf, TENANTS } from '../testing/cast.ts';
import { testPki } from '../testing/certificates.ts';
import type { Story } from '../testing/draft.ts';
import { fixture } from '../testing/fixture.ts';

const { pki, life, verdictOf } = await fixture();

describe('22 IDENTITY', () => {
  it('no certificate, another tenant’s, one that was not in force, one under a foreign root', async () => {
    expect(verdictOf({ certificates: pki.authorities }).exit).toBe(22);
    const others = await Promise.all(TENANTS.map((_, i) => pki.issue(serialOf(i), TENANTS[(i + 1) % 5]!, life)));
    expect(verdictOf({ certificates: others.join('') + pki.authorities }).detail).toMatch(/another tenant/);
    const short = { ...life, notAfter: new Date(START + 1000) };
    const early = await Promise.all(TENANTS.map((ref, i) => pki.issue(serialOf(i), ref, short)));
    expect(verdictOf({ certificates: early.join('') + pki.authorities }).detail).toMatch(/not valid at/);
    const foreign = await testPki();
    const strange = await Promise.all(TENANTS.map((ref, i) => foreign.issue(serialOf(i), ref, life)));
    expect(verdictOf({ certificates: strange.join('') + foreign.authorities }).detail).toMatch(/no chain/);
  });

  it('a certificate that was revoked before, by serial, key or tenant', () => {
    const revoke = (scope: string, target: string): Story => ({
      beforeRound: (round, teller) =>
        round === 2 &&
        teller.log('connector.revoked', { scope, target, reasonCode: 'LOST', ticket: { system: 'jira', id: 'S-1' } }),
    });
    expect(verdictOf({ story: revoke('serial', serialOf(2)) }).detail).toMatch(/revoked/);
    expect(verdictOf({ story: revoke('tenant', TENANTS[2]!) }).exit).toBe(22);
    expect(verdictOf({ story: revoke('serial', serialOf(9)) }).exit).toBe(0);
  });
});
