import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { bad, type Check, good, probe, warn } from '@sumveil/client';
import { errorCode } from '@sumveil/telemetry';
import type { ApiConfig } from '../config.ts';
import { discover } from '../http/issuer.ts';

/** The api of this configuration answers here, with the certificate that lies in its file; so does the issuer of people's tokens. */
export async function listenerChecks(config: ApiConfig, now: number): Promise<Check[]> {
  return [await listenerCheck(config, now), await issuerCheck(config.oidcIssuer)];
}

async function listenerCheck(config: ApiConfig, now: number): Promise<Check> {
  const { host, port } = config.managementListen;
  const bound = portsOf(config.stateFile)?.management ?? port;
  if (bound === 0)
    return warn(
      'listener',
      'not looked at: the port is chosen at the start and no SUMVEIL_STATE_FILE says which',
      'Set SUMVEIL_STATE_FILE, or a port in SUMVEIL_MANAGEMENT_LISTEN; if both are set, the api has not started.',
    );
  const local = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const shown = local.includes(':') ? `[${local}]` : local;
  const root = readFileSync(config.tlsCaFile, 'utf8');
  // The names in the certificate are those that others use; here it is compared with the file itself.
  const tls = { ca: [root], minVersion: 'TLSv1.3' as const, checkServerIdentity: () => undefined };
  const found = await probe(`https://${shown}:${bound}`, tls, () => now).catch(() => undefined);
  const where = `${shown}:${bound}`;
  if (!found || found.fault) {
    const { step, code } = found?.fault ?? { step: 'tcp', code: 'UNKNOWN' };
    return bad(
      'listener',
      `the management listener at ${where} fails at ${step} (${code})`,
      'Is the api running here? Its log says why it ended.',
    );
  }
  const onDisk = new X509Certificate(readFileSync(config.tlsCertFile, 'utf8'));
  if (found.certificate && found.certificate.fingerprint256 !== onDisk.fingerprint256)
    return warn(
      'listener',
      `${where} answers with an older certificate than the file’s`,
      'It takes the new pair within half a minute; if not, look for its event tls.refused (docs/operations.md#key-ceremony).',
    );
  return good('listener', `${where} answers, with the certificate of the file`);
}

function portsOf(stateFile: string | undefined): Record<string, number> | undefined {
  if (stateFile === undefined || !existsSync(stateFile)) return undefined;
  try {
    return (JSON.parse(readFileSync(stateFile, 'utf8')) as { ports?: Record<string, number> }).ports;
  } catch {
    return undefined;
  }
}

async function issuerCheck(url: string): Promise<Check> {
  try {
    await discover(url);
    return good('issuer', `${url} answers, under its own name`);
  } catch (error) {
    const next = 'Nobody can sign in anew until it answers; keys that are known stay good.';
    return bad('issuer', `${url} gives no discovery document (${errorCode(error)})`, next);
  }
}
