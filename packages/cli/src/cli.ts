import { type Client, clientCredentials, createClient } from '@sumveil/client';
import { routes } from '@sumveil/wire';
import type { Output } from './output.ts';
import { type Profile, readProfile } from './profile.ts';

/** What commands are handed: output, and clients that are made when first needed and closed at the end. */
export interface Cli {
  readonly out: Output;
  /** Management API as the person of the profile. */
  management(): Client<typeof routes>;
  /** @throws CliError with exit code 78 */
  profile(): Profile;
  profileFile(): string | undefined;
  /** State folder of a connector on this machine. */
  stateDir(): string | undefined;
  close(): Promise<void>;
}

export function createCli(out: Output, options: { profile?: string | undefined; stateDir?: string | undefined }): Cli {
  let client: Client<typeof routes> | undefined;
  return {
    out,
    management() {
      if (!client) {
        const { url, ca, issuer, clientId, secret } = readProfile(options.profile);
        const token = clientCredentials({ issuer, clientId, secret });
        client = createClient(routes, { baseUrl: url, tls: { ca: [ca], minVersion: 'TLSv1.3' }, token });
      }
      return client;
    },
    profile: () => readProfile(options.profile),
    profileFile: () => options.profile,
    stateDir: () => options.stateDir,
    async close() {
      await client?.close();
    },
  };
}
