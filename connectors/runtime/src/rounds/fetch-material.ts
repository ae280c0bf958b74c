import type { Task } from '@sumveil/wire';
import type { RawMaterial } from '../gate/material.ts';
import type { Site } from '../site.ts';

/**
 * All bytes that the gate judges, as the coordinator hands them over.
 *
 * @param known plan file of the round before: a run has one, and the gate refuses it under a grant for another
 */
export async function fetchRawMaterial({ client }: Site, task: Task, known?: Uint8Array): Promise<RawMaterial> {
  const { runId, planHash } = task;
  const [opened, granted, planFile] = await Promise.all([
    client.call('attemptPlan', { params: { planHash } }),
    client.call('runGrant', { params: { runId } }),
    known ?? client.call('runPlan', { params: { runId } }),
  ]);
  return {
    runId,
    planFile,
    grant: base64(granted.grant),
    grantLeaf: base64(granted.leaf),
    grantProof: Buffer.from(granted.proof, 'utf8'),
    approverLists: granted.approverLists.map(base64),
    planLeaf: base64(granted.planLeaf),
    planProof: Buffer.from(granted.planProof, 'utf8'),
    plan: base64(opened.plan),
    roundLeaf: base64(opened.leaf),
    roundProof: Buffer.from(opened.proof, 'utf8'),
  };
}

function base64(text: string): Buffer {
  return Buffer.from(text, 'base64');
}
