import { parsePlan } from '@sumveil/secagg';
import { type Facts, faultsOf } from './facts.ts';

interface AttemptRow {
  readonly id: string;
  readonly phase: string;
  readonly place: string;
  readonly plan_body: Buffer;
  readonly plan_hash: Buffer;
  readonly manifest_body: Buffer | null;
}

/** I6: nothing of a fenced writer or of an older attempt counts. */
export async function writerFaults(facts: Facts): Promise<string[]> {
  const epochs = await faultsOf(
    facts,
    'I6',
    `SELECT format('signature %s of epoch %s came after one of epoch %s', request_id, epoch, before) AS fault
       FROM (SELECT request_id, epoch, max(epoch) OVER (ORDER BY at, request_id) AS before FROM signature) AS signed
      WHERE epoch < before AND $1::text[] IS NOT NULL`,
  );
  const ahead = await faultsOf(
    facts,
    'I6',
    `SELECT format('signature %s has the epoch %s, the lease stands at %s', s.request_id, s.epoch, l.epoch) AS fault
       FROM signature s CROSS JOIN lease l WHERE l.resource = 'signer' AND s.epoch > l.epoch AND $1::text[] IS NOT NULL`,
  );
  const several = await faultsOf(
    facts,
    'I6',
    `SELECT format('%s has %s open attempts', run_id, count(*)) AS fault FROM attempt
      WHERE run_id = ANY($1) AND phase NOT IN ('released', 'failed') GROUP BY run_id HAVING count(*) > 1`,
  );
  const afterwards = await faultsOf(
    facts,
    'I6',
    `SELECT format('%s of tenant %s was taken after attempt %s had ended', m.kind, m.idx, a.id) AS fault
       FROM message m JOIN attempt a ON a.id = m.attempt_id
      WHERE a.run_id = ANY($1) AND NOT m.late AND m.kind <> 'abort' AND m.received_at > a.ended_at`,
  );
  return [...epochs, ...ahead, ...several, ...afterwards, ...(await memberFaults(facts))];
}

const expectedBy = { m0: 'cohort', m1: 'u1', m2: 'u2', m3: 'u3', m4: 'u3' } as const;

/** Messages are of their attempt's own plan and lists, and what was released is the sum over U3. */
async function memberFaults({ rows, runIds }: Facts): Promise<string[]> {
  const attempts = await rows.all<AttemptRow>(
    `SELECT id, phase, concat_ws('/', run_id, round, attempt) AS place, plan_body, plan_hash, manifest_body
       FROM attempt WHERE run_id = ANY($1)`,
    [runIds],
  );
  const lists = await rows.all<{ attempt_id: string; phase: string; members: number[] }>(
    'SELECT l.attempt_id, l.phase, l.members FROM phase_list l JOIN attempt a ON a.id = l.attempt_id WHERE a.run_id = ANY($1)',
    [runIds],
  );
  const messages = await rows.all<{ attempt_id: string; kind: string; idx: number; body: Buffer }>(
    `SELECT m.attempt_id, m.kind, m.idx, m.body FROM message m JOIN attempt a ON a.id = m.attempt_id
      WHERE a.run_id = ANY($1) AND NOT m.late`,
    [runIds],
  );
  const faults: string[] = [];
  for (const attempt of attempts) {
    const sets = new Map(
      lists.filter((list) => list.attempt_id === attempt.id).map((list) => [list.phase, list.members]),
    );
    sets.set('cohort', [...parsePlan(attempt.plan_body).cohort]);
    for (const [smaller, larger] of [
      ['u1', 'cohort'],
      ['u2', 'u1'],
      ['u3', 'u2'],
    ] as const)
      if (!(sets.get(smaller) ?? []).every((idx) => sets.get(larger)?.includes(idx)))
        faults.push(`I6: ${smaller} of ${attempt.place} is not within ${larger}`);
    for (const { kind, idx, body } of messages.filter((message) => message.attempt_id === attempt.id)) {
      const { planHash } = JSON.parse(body.toString('utf8')) as { planHash?: string };
      if (planHash !== attempt.plan_hash.toString('base64url'))
        faults.push(`I6: ${kind} of tenant ${idx} in ${attempt.place} is of another plan`);
      const members = kind === 'abort' ? sets.get('cohort') : sets.get(expectedBy[kind as keyof typeof expectedBy]);
      if (!members?.includes(idx)) faults.push(`I6: ${kind} of tenant ${idx} in ${attempt.place} was not asked for`);
    }
    if (!attempt.manifest_body) continue;
    const { survivors } = JSON.parse(attempt.manifest_body.toString('utf8')) as { survivors: number[] };
    if (survivors.join() !== sets.get('u3')?.join()) faults.push(`I6: the sum of ${attempt.place} is not over U3`);
  }
  return faults;
}
