import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { reasonText } from '@sumveil/cli';
import { decideOn, mustSumveil, sumveil, type World } from '@sumveil/constellation';
import { builtinCodeDigest } from '@sumveil/trainers';
import { birdstrikesPlan } from '../plan.ts';
import type { Narrator } from './narrator.ts';

export interface Decision {
  readonly action: string;
  readonly effect: 'allow' | 'deny';
  readonly reasons: readonly string[];
}

interface Started {
  readonly runId: string | null;
  readonly decision: Decision;
}

export interface Ticket {
  readonly ticket: string;
  readonly role: string;
  readonly tenant: string;
  readonly decision: string;
}

export async function submitPlan(world: World, rounds: number, tell: Narrator): Promise<string> {
  tell.chapter('Plan: one YAML file; approvals bind to its bytes');
  const tenantRefs = world.tenants.map((tenant) => tenant.ref);
  const { yaml, model } = birdstrikesPlan({ tenantRefs, trainRounds: rounds, codeDigest: await builtinCodeDigest() });
  const operator = { profile: world.profile(world.operator) };
  const [planFile, modelFile] = ['plan.yaml', 'base.safetensors'].map((name) => join(world.folders.operator, name));
  writeFileSync(planFile!, yaml);
  writeFileSync(modelFile!, model);
  await mustSumveil(['model', 'upload', modelFile!], operator);
  const { planDigest } = await mustSumveil<{ planDigest: string }>(['plan', 'submit', planFile!], operator);
  tell.say(`logistic regression: 1 round of statistics, ${rounds} of training, 1 of evaluation`);
  tell.say(planDigest);
  return planDigest;
}

/** Asked for too early, the run is denied and the policies that say no are named. */
export async function startTooEarly(world: World, planDigest: string, tell: Narrator): Promise<Decision> {
  tell.chapter('Start, before anybody approved');
  const { value } = await sumveil<Started>(['run', 'start', planDigest], { profile: world.profile(world.operator) });
  if (value.decision.effect !== 'deny') throw new Error('a start without approvals was allowed');
  tell.bad('denied:');
  for (const reason of value.decision.reasons) tell.bad(`  ${reason.padEnd(17)} ${reasonText(reason)}`);
  return value.decision;
}

/** Each airline's data steward and privacy officer sign with keys that only they hold, under tickets of their own systems. */
export async function collectApprovals(world: World, planDigest: string, tell: Narrator): Promise<Ticket[]> {
  tell.chapter('Approvals: every airline’s data steward and privacy officer sign');
  const tickets: Ticket[] = [];
  for (const tenant of world.tenants) {
    for (const [person, number] of [
      [tenant.steward, 1],
      [tenant.officer, 2],
    ] as const) {
      const ticket = `jira:CHG-${tenant.idx}0${number}`;
      await decideOn(world, planDigest, tenant, person, { ticket });
      tickets.push({ ticket, role: person.role, tenant: tenant.name, decision: 'granted' });
    }
  }
  const [first, last] = [tickets[0]!, tickets.at(-1)!];
  tell.good(`${tickets.length} signed approvals, tickets ${first.ticket} to ${last.ticket}`);
  return tickets;
}

export async function start(
  world: World,
  planDigest: string,
  tell: Narrator,
): Promise<{ runId: string; decision: Decision }> {
  tell.chapter('Start, with all approvals');
  const { runId, decision } = await mustSumveil<Started>(['run', 'start', planDigest], {
    profile: world.profile(world.operator),
  });
  if (!runId) throw new Error(`the start was denied: ${decision.reasons.join(', ')}`);
  tell.good(`allowed by ${decision.reasons.join(', ')}: ${runId}`);
  tell.say('the grant fixes the cohort; every connector checks it before a byte leaves');
  return { runId, decision };
}
