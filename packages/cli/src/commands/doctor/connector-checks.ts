import { bad, type Check, type Diagnosis } from '@sumveil/client';
import type { Cli } from '../../cli.ts';
import { asCliError } from '../../error.ts';
import { askConnector } from '../connector/call.ts';

/** What the connector on this machine says of itself; that none runs is an answer too. */
export async function connectorChecks(cli: Cli): Promise<readonly Check[]> {
  try {
    return (await askConnector<Diagnosis>(cli, 'POST', '/v1/doctor', {})).checks;
  } catch (error) {
    const { code, message, next } = asCliError(error);
    if (code !== 'NOT_RUNNING') throw error;
    return [bad('process', message, `${next} Its own log says why it ended.`)];
  }
}
