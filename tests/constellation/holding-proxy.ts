import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What still flows between the two sides; TLS passes through, so bytes can be held or lost, never read or altered. */
export type Flow = 'all' | 'requests' | 'nothing';

/** TCP between connectors and a coordinator's listener, as a load balancer or a bad network would stand there. */
export interface HoldingProxy {
  readonly port: number;
  /** `requests`: what connectors send arrives, no answer comes back. `nothing`: both directions wait. */
  let(flow: Flow): void;
  /** Breaks every connection; whatever was held is lost. New ones are taken. */
  cut(): void;
  /** Where new connections go, in turn, past those that take none; the ones that stand are broken. */
  route(...ports: number[]): void;
  stop(): Promise<void>;
}

export async function startHoldingProxy(...to: number[]): Promise<HoldingProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let targets = to;
  let turn = 0;
  let flow: Flow = 'all';
  const apply = ([near, far]: readonly [Socket, Socket]) => {
    if (flow === 'nothing') near.pause();
    else near.resume();
    if (flow === 'all') far.resume();
    else far.pause();
  };
  const connect = async (near: Socket) => {
    near.on('error', () => near.destroy());
    turn += 1;
    const far = await firstOf(targets.map((_, i) => targets[(turn + i) % targets.length]!));
    if (!far || near.destroyed) return end(near, far);
    const pair = [near, far] as const;
    pairs.add(pair);
    const over = () => {
      end(near, far);
      pairs.delete(pair);
    };
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', over);
      socket.on('close', over);
    }
    near.on('data', (bytes) => forward(near, far, bytes, () => flow !== 'nothing'));
    far.on('data', (bytes) => forward(far, near, bytes, () => flow === 'all'));
    apply(pair);
  };
  const server = createServer({ pauseOnConnect: true }, (near) => void connect(near));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const cut = () => {
    for (const sockets of pairs) for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    let(next) {
      flow = next;
      for (const pair of pairs) apply(pair);
    },
    cut,
    route(...ports) {
      targets = ports;
      cut();
    },
    async stop() {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}

function end(...sockets: (Socket | undefined)[]): void {
  for (const socket of sockets) socket?.destroy();
}

/** The first that takes the connection. */
async function firstOf(ports: readonly number[]): Promise<Socket | undefined> {
  for (const port of ports) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return socket.on('error', () => socket.destroy());
    } catch {
      socket.destroy();
    }
  }
  return undefined;
}

function forward(from: Socket, to: Socket, bytes: Buffer, flows: () => boolean): void {
  if (to.write(bytes)) return;
  from.pause();
  to.once('drain', () => {
    if (flows()) from.resume();
  });
}
