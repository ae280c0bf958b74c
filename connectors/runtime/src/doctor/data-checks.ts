import { bad, type Check, good } from '@sumveil/client';
import { parseTask } from '@sumveil/learning';
import { readPlanFile } from '@sumveil/secagg';
import { digestOf, planManifest } from '@sumveil/wire';
import type { Site } from '../site.ts';

/**
 * The table, and the contract of the plan that this tenant was asked for last, whether it joined or refused. Column and rule are
 * for this screen alone: the doctor answers on the connector's own socket, what leaves is a code and a number (governance
 * section 3).
 */
export async function dataChecks(site: Site, reached: boolean): Promise<Check[]> {
  const { data, state, client } = site;
  if (!data.readable())
    return [bad('data', 'the data file cannot be read', 'Check SUMVEIL_CONNECTOR_DATA and the rights on the file.')];
  const readable = good('data', 'the data file is there');
  const runId = state.egress.list({ limit: 1_000 }).find((row) => row.runId)?.runId;
  if (!runId) return [readable, good('contract', 'no plan has asked for this table yet')];
  if (!reached) return [readable, good('contract', 'not looked at: the last plan is the coordinator’s to give')];
  try {
    const plan = await client.call('runPlan', { params: { runId } });
    const loaded = await data.load(parseTask(planManifest.parse(readPlanFile(plan)).task));
    const which = `plan ${digestOf(plan).slice(0, 19)}…`;
    if (!('fault' in loaded)) return [readable, good('contract', `the table keeps the contract of ${which}`)];
    const { code, field, detail } = loaded.fault;
    const next = `Correct the table. The platform gets ${code}, field ${field}, and no name.`;
    return [readable, bad('contract', `the table breaks the contract of ${which}: ${detail}`, next)];
  } catch {
    return [readable, good('contract', 'not looked at: the coordinator gives no plan of the last run')];
  }
}
