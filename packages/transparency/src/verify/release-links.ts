import { digestOf, hashOfDigest, labelledHash, type Roster, u16, u32, writtenDigest } from '@sumveil/wire';
import { roundFile } from '../bundle/layout.ts';
import type { LeafOf } from '../leaf/leaf.ts';
import { type Entry, type Evidence, leavesOf, rosterWithHash } from './evidence.ts';
import { fail, must } from './result.ts';
import { type Attempt, type ListBody, listOf, manifestOf, roundPlanOf, sameAttempt } from './round-facts.ts';

type Released = LeafOf<'aggregate.released'>;

/** A released sum: computed before, over exactly the signed survivors, each with an update that was accepted. */
export function checkReleased(evidence: Evidence, { idx, leaf }: Entry<'aggregate.released'>): void {
  const at = `aggregate of round ${leaf.round}.${leaf.attempt} of ${leaf.run}`;
  const computed = leavesOf(evidence, 'aggregate.computed').find((c) => sameAttempt(c.leaf, leaf));
  const before = computed !== undefined && computed.idx < idx && computed.leaf.aggRoot === leaf.aggRoot;
  must(before, `${at}: released before computed`);
  const opened = leavesOf(evidence, 'round.opened').find((o) => sameAttempt(o.leaf, leaf));
  const { planHash } = (opened ?? fail(`${at}: its round never opened`)).leaf;
  const u3 = checkLists(evidence, leaf, planHash, at);
  const counted = u3.listHash === computed.leaf.u3Hash && u3.members.length === computed.leaf.survivors;
  must(counted, `${at}: computed over others than the signed survivors`);
  checkUpdates(evidence, { leaf, idx: computed.idx }, u3, at);
  if (isWithheld(evidence, leaf)) {
    const manifest = evidence.files.has(roundFile(leaf, 'manifest'));
    must(!manifest, `${at}: its round was aborted, yet its manifest was signed`);
    return;
  }
  const { body, manifest } = manifestOf(evidence, leaf);
  const joins = digestOf(body) === leaf.manifestDigest && manifest.planHash === planHash;
  must(joins && manifest.aggRoot === leaf.aggRoot, `${at}: leaves and manifest do not join`);
  const same = u3.members.join() === manifest.survivors.join() && u3.listHash === manifest.u3Hash;
  must(same, `${at}: the signed survivors are not those of the manifest`);
  checkClosed(evidence, leaf, u3, at);
}

/** The signer would not sign the manifest, so the round ended without handing out the sum that its leaf had released. */
export function isWithheld(evidence: Evidence, place: Attempt): boolean {
  return leavesOf(evidence, 'round.aborted').some((aborted) => sameAttempt(aborted.leaf, place));
}

const PHASES = { u1: 'advertise', u2: 'share', u3: 'masked' } as const;

/** u1, u2, u3: signed, of this plan, each within the one before and as its phase was logged. @returns the survivors */
function checkLists(evidence: Evidence, place: Released, planHash: string, at: string): ListBody {
  let within: readonly number[] = roundPlanOf(evidence, place).plan.cohort;
  const lists = (['u1', 'u2', 'u3'] as const).map((phase) => {
    const list = listOf(evidence, place, phase);
    must(list.planHash === planHash, `${at}: list ${phase} is of another plan`);
    const ascending = list.members.every((member, i) => i === 0 || list.members[i - 1]! < member);
    const inside = ascending && list.members.every((member) => within.includes(member));
    must(inside, `${at}: list ${phase} names a member that was not in the phase before`);
    const closed = leavesOf(evidence, 'phase.closed').find(
      (p) => p.leaf.phase === PHASES[phase] && sameAttempt(p.leaf, place),
    );
    const logged = closed?.leaf.listHash === list.listHash && closed.leaf.setSize === list.members.length;
    must(logged, `${at}: list ${phase} is not the one that was logged when its phase closed`);
    within = list.members;
    return list;
  });
  return lists[2]!;
}

/** `u3Hash` again from the accepted updates (secure-aggregation section 5): nobody is in the sum without one. */
function checkUpdates(evidence: Evidence, computed: { leaf: Released; idx: number }, u3: ListBody, at: string): void {
  const { leaf: place, idx } = computed;
  const roster = rosterOf(evidence, place, at);
  const accepted = leavesOf(evidence, 'update.accepted').filter((u) => u.idx < idx && sameAttempt(u.leaf, place));
  const items = u3.members.flatMap((member) => {
    const ref = refOf(roster, member);
    const update = accepted.find((u) => u.leaf.tenantRef === ref) ?? fail(`${at}: no update of ${ref} was accepted`);
    return [u16(member), hashOfDigest(update.leaf.m2Digest)];
  });
  const again = labelledHash('list/u3', hashOfDigest(u3.planHash), u32(u3.members.length), ...items);
  must(writtenDigest(again) === u3.listHash, `${at}: the survivors’ list does not cover the accepted updates`);
}

/** The leaf that people read dropouts from names exactly the cohort without the survivors. */
function checkClosed(evidence: Evidence, place: Released, u3: ListBody, at: string): void {
  const { cohort } = roundPlanOf(evidence, place).plan;
  const roster = rosterOf(evidence, place, at);
  const closed = leavesOf(evidence, 'round.closed').find((c) => sameAttempt(c.leaf, place))?.leaf;
  const left = cohort.filter((member) => !u3.members.includes(member)).map((member) => refOf(roster, member));
  const told = closed?.survivors === u3.members.length && closed.dropped.toSorted().join() === left.toSorted().join();
  must(told, `${at}: round.closed names other survivors or dropouts`);
}

function rosterOf(evidence: Evidence, place: Released, at: string): Roster {
  const { rosterHash } = roundPlanOf(evidence, place).plan;
  return rosterWithHash(evidence, rosterHash) ?? fail(`${at} names an unknown roster`);
}

function refOf(roster: Roster, idx: number): string {
  return roster.members.find((member) => member.idx === idx)?.tenantRef ?? fail(`no member ${idx} in the roster`);
}
