import { ConfigError, loadConfig } from '@sumveil/config';
import { IdentityError } from '@sumveil/identity';
import { CONFIG_PREFIX, connectorConfig } from './config.ts';
import { startConnector } from './connector.ts';
import { ConnectorError } from './error.ts';

/** EX_CONFIG of sysexits.h: a supervisor should not restart into the same fault. */
const CONFIG_FAULT = 78;

try {
  const config = loadConfig(connectorConfig, { prefix: CONFIG_PREFIX, env: process.env, argv: process.argv.slice(2) });
  const connector = await startConnector(config);
  const stop = () => void connector.stop();
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  await connector.stopped;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : 'The connector failed.'}\n`);
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  const isConfig =
    error instanceof ConfigError ||
    (error instanceof ConnectorError && error.code === 'LOCAL_POLICY') ||
    (error instanceof IdentityError && error.code === 'JOIN');
  return isConfig ? CONFIG_FAULT : 1;
}
