import { readFileSync, statSync } from 'node:fs';
import { ConnectorError } from '../error.ts';
import { type PolicyInForce, parseLocalPolicy } from './local-policy.ts';

/**
 * The policy in force, read again whenever the file has changed. Asked before every decision, so a tightened limit holds
 * from the next check on, without a restart.
 *
 * @param path undefined: the defaults
 * @throws ConnectorError `LOCAL_POLICY` from the returned function; the connector then stops
 */
export function policyFile(path: string | undefined): () => PolicyInForce {
  if (path === undefined) {
    const defaults = parseLocalPolicy(new Uint8Array());
    return () => defaults;
  }
  let held: { stamp: string; inForce: PolicyInForce } | undefined;
  return () => {
    try {
      const { mtimeMs, size, ino } = statSync(path);
      const stamp = `${mtimeMs} ${size} ${ino}`;
      if (held?.stamp !== stamp) held = { stamp, inForce: parseLocalPolicy(readFileSync(path)) };
      return held.inForce;
    } catch (error) {
      if (error instanceof ConnectorError) throw error;
      throw new ConnectorError(
        'LOCAL_POLICY',
        'The local policy file cannot be read.',
        'Check its path and rights.',
        error,
      );
    }
  };
}
