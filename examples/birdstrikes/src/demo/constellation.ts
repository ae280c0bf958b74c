import { declareApprovers, pinRoster, startWorld, type World } from '@sumveil/constellation';
import { prepareAirlines } from '../prepare.ts';
import type { Narrator } from './narrator.ts';
import { localPolicyFor, survivorsNeeded } from './options.ts';

/** N airlines, each with a connector process and folders of its own, and a coordinator that holds none of their keys. */
export async function startAirlines(
  folder: string,
  count: number,
  tell: Narrator,
  onStarted: (stop: () => Promise<void>) => void,
): Promise<World> {
  tell.chapter(`Enrolment: ${count} airlines, ${count} connectors, one coordinator`);
  const airlines = await prepareAirlines((slug) => `${folder}/tenants/${slug}/data`, count);
  const rows = airlines.reduce((sum, airline) => sum + airline.rows, 0);
  tell.say(`${rows.toLocaleString('en-US')} FAA wildlife-strike records in ${count} folders, one for each airline`);
  const localPolicy = localPolicyFor(count);
  const world = await startWorld({
    folder,
    onStarted,
    onStep: tell.step,
    tenants: airlines.map(({ name, slug, path }) => ({
      name: titleCase(name),
      slug,
      region: 'US',
      csv: path,
      ...(localPolicy ? { localPolicy } : {}),
    })),
  });
  tell.say('each connector is a process of its own: it made its keys itself, joined');
  tell.say('with a one-time string that took two tickets, and speaks mutual TLS 1.3');
  if (localPolicy) tellSmallCohort(localPolicy, count, tell);
  return world;
}

/** Said out loud, because nobody but the tenants can allow it. */
function tellSmallCohort(policy: object, count: number, tell: Narrator): void {
  tell.bad(`${count} tenants are fewer than a connector accepts by itself (5, of them 3 honest):`);
  tell.bad(`each airline allows it in its own local-policy.json:`);
  tell.bad(`  ${JSON.stringify(policy)}`);
  tell.bad(`the log, the report and every status page say that the cohort is small`);
}

export async function agreeOnRoster(world: World, tell: Narrator): Promise<void> {
  tell.chapter('Roster: every airline compares and pins the one root of trust');
  const n = world.tenants.length;
  tell.live(`${n} admins compare and pin …`);
  const { minCohort } = localPolicyFor(n) ?? {};
  const { fingerprint } = await pinRoster(world, minCohort ? { minCohort } : {});
  const groups = fingerprint.split(' ');
  tell.say(groups.slice(0, 8).join(' '));
  tell.say(groups.slice(8).join(' '));
  await declareApprovers(world);
  tell.good(`${n} of ${n} admins compared these 16 groups and pinned them; it is in force`);
  tell.say(`every sum needs at least ${survivorsNeeded(n)} of the ${n} airlines`);
}

/** Who could sign what: printed, because the whole point is that no folder holds another one's key. */
export function tellKeyHolders(world: World, tell: Narrator): void {
  tell.chapter('Who holds which key (one folder for each holder, mode 0700)');
  const n = world.tenants.length;
  const holders: [string, string][] = [
    ['root', 'root CA; offline after the ceremony'],
    ['signer', 'issuing CA; coordinator, log, grant, report'],
    ['api', 'its TLS key'],
    ['worker', 'seals reconstructed secrets within a round'],
    ['oidc', 'token key of the people’s issuer'],
    [`tenants/*/connector (${n})`, 'roster, witness and TLS key of that airline'],
    [`tenants/*/steward, officer (${2 * n})`, 'that person’s approver key'],
  ];
  for (const [holder, keys] of holders) tell.say(`${holder.padEnd(31)} ${keys}`);
}

/** The records are in capitals. */
const asWritten: Readonly<Record<string, string>> = { FEDEX: 'FedEx', UPS: 'UPS', US: 'US' };

function titleCase(name: string): string {
  return name
    .split(' ')
    .map((word) => asWritten[word] ?? `${word[0]}${word.slice(1).toLowerCase()}`)
    .join(' ');
}
