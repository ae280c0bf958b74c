import { bad, type Check, good, warn } from '@sumveil/client';
import { parseTask } from '@sumveil/learning';
import { readPlanFile } from '@sumveil/secagg';
import { errorCode } from '@sumveil/telemetry';
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
  if (!reached) return [readable, notLookedAt('the last plan is the coordinator’s to give', ANSWERS_FIRST)];
  let plan: Uint8Array;
  try {
    plan = await client.call('runPlan', { params: { runId } });
  } catch (error) {
    const why = `the coordinator gives no plan of the last run (${errorCode(error)})`;
    return [readable, notLookedAt(why, 'Ask the platform operator, then try again.')];
  }
  try {
    const loaded = await data.load(parseTask(planManifest.parse(readPlanFile(plan)).task));
    const which = `plan ${digestOf(plan).slice(0, 19)}…`;
    if (!('fault' in loaded)) return [readable, good('contract', `the table keeps the contract of ${which}`)];
    const { code, field, detail } = loaded.fault;
    const next = `Correct the table. The platform gets ${code}, field ${field}, and no name.`;
    return [readable, bad('contract', `the table breaks the contract of ${which}: ${detail}`, next)];
  } catch {
    const next = 'Bring this connector to the coordinator’s release; if it is, call the platform operator.';
    return [readable, bad('contract', 'the plan of the last run cannot be read here', next)];
  }
}

/** What was not looked at is not ok. */
function notLookedAt(why: string, next: string): Check {
  return warn('contract', `not looked at: ${why}`, next);
}

const ANSWERS_FIRST = 'Bring the coordinator back within reach first, then try again.';
