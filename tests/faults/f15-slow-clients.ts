import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { World } from '@sumveil/constellation';
import { describe, expect, it } from 'vitest';
import { connectorTls, managementTls, rawCaller, tokenFor } from '../stories/callers.ts';
import { type InputWorld, slow } from './input-world.ts';

type ListenerName = keyof World['urls'];
const listeners: ListenerName[] = ['connector', 'enrolment', 'management', 'ops'];

/** Ended by the other side, with or without an error. */
const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()));

/** Generous, for a busy machine; a period that was not in force would be ten times as long. */
const SLACK = 4_000;

export function f15(the: () => InputWorld): void {
  const open = async (listener: ListenerName): Promise<Socket> => {
    const { world } = the();
    const { hostname: host, port } = new URL(world.urls[listener]);
    const tls = listener === 'connector' ? connectorTls(world.tenants[1]!) : managementTls(world);
    const to = { host, port: Number(port) };
    const socket = listener === 'ops' ? connectPlain(to) : connectTls({ ...tls, ...to });
    await once(socket, listener === 'ops' ? 'connect' : 'secureConnect');
    return socket;
  };
  /** What comes back until the connection ends, and after how long. */
  const answered = async (socket: Socket, text: string) => {
    const started = performance.now();
    const pieces: Buffer[] = [];
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.on('error', () => {});
    socket.write(text);
    await closed(socket);
    return { text: Buffer.concat(pieces).toString(), ms: performance.now() - started };
  };
  /** Another tenant on the same listener, asked meanwhile. */
  const unaffected = async () => {
    const { world } = the();
    const peer = rawCaller(world.urls.connector, connectorTls(world.tenants[2]!));
    const { status } = await peer.send({ method: 'GET', path: '/v1/roster' });
    await peer.close();
    return status;
  };

  describe.each(listeners)('F15 on the %s listener', (listener) => {
    it('F15 headers that do not end are 408 after their period; others are served meanwhile', async () => {
      const asked = answered(await open(listener), 'GET /healthz HTTP/1.1\r\nhost: slow\r\n');
      expect(await unaffected()).toBe(200);
      const { text, ms } = await asked;
      expect(text).toMatch(/^HTTP\/1\.1 408 /);
      expect(ms).toBeGreaterThanOrEqual(slow.requestHeaders - slow.requestLook);
      expect(ms).toBeLessThan(slow.requestHeaders + SLACK);
    });
  });

  const planHash = 'A'.repeat(43);
  it.each<[Exclude<ListenerName, 'ops'>, string, string]>([
    ['connector', `PUT /v1/attempts/${planHash}/chunks/0/0`, 'application/octet-stream'],
    ['enrolment', 'POST /v1/enroll', 'application/json'],
    ['management', 'POST /v1/plans', 'application/yaml'],
  ])('F15 a body on the %s listener that does not end is 408 after its period', async (listener, line, media) => {
    const { world } = the();
    const token = listener === 'management' ? `authorization: Bearer ${await tokenFor(world, world.operator)}\r\n` : '';
    const headers = `host: slow\r\n${token}content-type: ${media}\r\ncontent-length: 1000\r\n`;
    const asked = answered(await open(listener), `${line} HTTP/1.1\r\n${headers}\r\n{"v`);
    expect(await unaffected()).toBe(200);
    const { text, ms } = await asked;
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(ms).toBeLessThan(slow.requestBody + SLACK);
  });

  it('F15 a reader that does not read loses its connection, and with it the answers that were held for it', async () => {
    const { runId } = the();
    const socket = await open('connector');
    const asks = 600;
    socket.pause();
    socket.on('error', () => {});
    const started = performance.now();
    socket.write(`GET /v1/runs/${runId}/grant HTTP/1.1\r\nhost: slow\r\n\r\n`.repeat(asks));
    // A write is how one who does not read learns that the other side is gone.
    const still = setInterval(() => socket.write('\r\n'), 100);
    await closed(socket);
    clearInterval(still);
    const ms = performance.now() - started;
    // Not before nothing was taken for `answer`: a reader that is only slow keeps its connection (http/slow-readers.test.ts).
    expect(ms).toBeGreaterThanOrEqual(slow.answer);
    expect(ms).toBeLessThan(slow.answer + 5 * SLACK);
    await the().check();
  });
}
