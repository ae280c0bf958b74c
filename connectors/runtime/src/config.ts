import { filePath, jsonObject, oneOf, text, url } from '@sumveil/config';
import { z } from 'zod';
import { connectorTimings, defaultConnectorTimings } from './timings.ts';

export const CONFIG_PREFIX = 'SUMVEIL_CONNECTOR_';

export const connectorConfig = z.strictObject({
  stateDir: filePath('Folder of keys, certificates and state; mode 0700, made when absent, kept out of backups'),
  coordinatorUrl: url('Connector listener of the coordinator', ['https']),
  enrolUrl: url(
    'Enrolment listener of the coordinator; needed to enrol, and to come back after the certificate has expired',
    ['https'],
  ).optional(),
  joinStringFile: filePath('Private file with the join string; needed until enrolled').optional(),
  data: filePath('The tenant’s table, CSV with a header'),
  localPolicy: filePath('Local policy, YAML or JSON; the default floors hold without it').optional(),
  trainer: oneOf('What trains on the data', ['builtin']).default('builtin'),
  statusListen: text('Loopback address of the status page; port 0 asks for a free one', {
    pattern: /^(127\.0\.0\.1|\[::1\]):\d{1,5}$/,
  }).default('127.0.0.1:0'),
  timings: jsonObject(
    'Periods in milliseconds as one JSON object, for tests; see timings.ts',
    connectorTimings,
  ).default(defaultConnectorTimings),
  stateFile: filePath('Written when enrolled and when ready: pid, references, status page, socket').optional(),
  resultsFile: filePath('The tenant’s own results as JSON, rewritten after every released round').optional(),
});
export type ConnectorConfig = z.output<typeof connectorConfig>;
