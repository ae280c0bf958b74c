import { describe, expect, it } from 'vitest';
import { digestOfByte, START, serialOf, TENANTS } from '../testing/cast.ts';
import { testPki } from '../testing/certificates.ts';
import type { Story } from '../testing/draft.ts';
import { change, fixture } from '../testing/fixture.ts';
import type { Teller } from '../testing/teller.ts';

const { pki, life, certificates, verdictOf } = await fixture();

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

  it('a renewed certificate: counts from its leaf on, for its connector alone, and goes with the one it replaced', async () => {
    const renewedSerial = `5${'1'.repeat(31)}`;
    const renewed = `${certificates}${await pki.issue(renewedSerial, TENANTS[2]!, life)}`;
    const connector = `spiffe://sumveil.test/tenant/${TENANTS[2]}/connector/1`;
    const leaf = (name = connector) => ({
      connector: name,
      serialOld: serialOf(2),
      serialNew: renewedSerial,
      spkiHashNew: digestOfByte(0x77),
      notAfter: life.notAfter.toISOString(),
      via: 'mtls',
    });
    // Second of five updates of the second round.
    const overIt = change('update.accepted', { serial: renewedSerial }, 7);
    const between = (name?: string, more?: (teller: Teller) => void): Story => ({
      beforeRound(round, teller) {
        if (round !== 2) return;
        teller.log('connector.renewed', leaf(name));
        more?.(teller);
      },
    });
    const verdict = (story: Story) => verdictOf({ certificates: renewed, story, draft: overIt });
    expect(verdict(between())).toMatchObject({ exit: 0 });
    expect(verdict(between(connector.replace(TENANTS[2]!, TENANTS[1]!))).detail).toMatch(/of another connector/);
    const enrolled = {
      tenantRef: TENANTS[2],
      connector,
      serial: serialOf(2),
      spkiHash: digestOfByte(0x78),
      rosterKey: 'A'.repeat(43),
      witnessKey: 'B'.repeat(43),
      notBefore: life.notBefore.toISOString(),
      notAfter: life.notAfter.toISOString(),
      issuerSki: digestOfByte(0x79),
      tokenHash: digestOfByte(0x7a),
      secondFactor: 'none',
    };
    const revoked = { scope: 'serial', target: serialOf(2), reasonCode: 'LOST', ticket: { system: 'jira', id: 'S-1' } };
    const out = between(undefined, (teller) => {
      teller.log('connector.enrolled', enrolled);
      teller.log('connector.revoked', revoked);
    });
    expect(verdict(out).detail).toMatch(/revoked before/);
    const late: Story = {
      beforeRound: (round, teller) => {
        if (round === 2) teller.log('connector.renewed', leaf());
      },
    };
    expect(
      verdictOf({
        certificates: renewed,
        story: late,
        draft: (draft) => {
          change('update.accepted', { serial: renewedSerial }, 2)(draft);
        },
      }).detail,
    ).toMatch(/was issued later/);
  });
});
