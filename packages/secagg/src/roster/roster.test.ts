import { describe, expect, it } from 'vitest';
import { knownSigned } from '../testing/knownRun.ts';
import { hex, utf8, vectors } from '../testing/vectors.ts';
import { checkRosterForTenant, type OwnIdentity } from './check.ts';
import { encodeRoster, parseRoster, rosterFingerprint, rosterHash, rosterQuorum } from './roster.ts';

const file = vectors('messages');
const { epoch1, epoch2, connector, mustRefuse } = file.roster;
const approvals = file.messages
  .filter((message: { type: string }) => message.type === 'roster-approve')
  .map(knownSigned);
const own: OwnIdentity = {
  tenantRef: connector.tenantRef,
  rosterKey: hex(connector.rosterKey),
  witnessKey: hex(connector.witnessKey),
  rootSpki: hex(connector.rootSpki),
};
const refused = expect.objectContaining({ code: 'ROSTER' });

describe('roster', () => {
  it.each([epoch1, epoch2])(
    'has the hash and fingerprint that people compare',
    ({ body, rosterHash: known, fingerprint }) => {
      expect(rosterHash(utf8(body))).toEqual(hex(known));
      expect(rosterFingerprint(hex(known))).toBe(fingerprint);
      const { rosterHash: parsedHash, ...value } = parseRoster(utf8(body));
      expect(parsedHash).toEqual(hex(known));
      expect(encodeRoster(value).toString()).toBe(body);
    },
  );

  it('is accepted by its tenant', () => {
    expect(() => checkRosterForTenant(parseRoster(utf8(epoch1.body)), own)).not.toThrow();
  });

  it.each(mustRefuse as { why: string; body: string }[])('is refused: $why', ({ body }) => {
    expect(() => checkRosterForTenant(parseRoster(utf8(body)), own)).toThrow(refused);
  });

  it('does not encode what it would refuse', () => {
    const { rosterHash: _, ...value } = parseRoster(utf8(epoch1.body));
    expect(() => encodeRoster({ ...value, witnessQuorum: 1 })).toThrow(refused);
    expect(() => encodeRoster({ ...value, extra: 1 })).toThrow(refused);
    expect(() => encodeRoster({ ...value, members: [...value.members].reverse() })).toThrow(refused);
  });
});

describe('new epoch', () => {
  const pinned = parseRoster(utf8(epoch1.body));
  const next = parseRoster(utf8(epoch2.body));
  const row = next.members.find((member) => member.tenantRef === own.tenantRef)!;
  const later = { ...own, witnessKey: Buffer.from(row.witnessKey, 'base64url'), pinned };

  it('needs a quorum of the old epoch', () => {
    expect(rosterQuorum(pinned)).toBe(3);
    expect(() => checkRosterForTenant(next, later, approvals)).not.toThrow();
    expect(() => checkRosterForTenant(next, later, approvals.slice(1))).toThrow(refused);
    expect(() => checkRosterForTenant(next, later, [approvals[0], approvals[0], approvals[1]])).toThrow(refused);
  });

  it('refuses approvals of another roster or with a bad signature', () => {
    const forged = { ...approvals[0], sig: approvals[1].sig };
    expect(() => checkRosterForTenant(next, later, [forged, approvals[1], approvals[2]])).toThrow(refused);
  });

  it('never goes back, and is never pinned first', () => {
    expect(() => checkRosterForTenant(next, { ...later, pinned: undefined } as OwnIdentity)).toThrow(refused);
    expect(() => checkRosterForTenant(pinned, { ...own, pinned: next }, approvals)).toThrow(refused);
    expect(() => checkRosterForTenant(pinned, { ...own, pinned })).not.toThrow();
  });
});
