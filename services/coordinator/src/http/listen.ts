import type { AddressInfo } from 'node:net';
import type { Logger } from '@sumveil/telemetry';
import type { App, ListenerName } from './server.ts';

export interface ListenAddress {
  readonly host: string;
  /** 0 asks the system for a free one. */
  readonly port: number;
}

/** Binds and returns the port. */
export async function listenOn(app: App, name: ListenerName, address: ListenAddress, logger: Logger): Promise<number> {
  await app.listen({ host: address.host, port: address.port });
  const { port } = app.server.address() as AddressInfo;
  logger.event('listener.bound', { listener: name, port });
  return port;
}
