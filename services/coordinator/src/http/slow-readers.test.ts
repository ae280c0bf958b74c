import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { createLogger } from '@sumveil/telemetry';
import { describe, expect, it } from 'vitest';
import { defaultTimings } from '../timings.ts';
import { createServer as createApp } from './server.ts';

/** Ended by the other side, with or without an error. */
const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()));

const SIZE = 48 * 2 ** 20;
const bytes = Buffer.alloc(SIZE, 7);

/** A listener with this limit, and what it has logged. */
async function listener(answer: number) {
  const lines: string[] = [];
  const logger = createLogger({ process: 'api', stream: { write: (line: string) => void lines.push(line) } });
  const app = createApp({ listener: 'management', logger, tls: undefined, timings: { ...defaultTimings, answer } });
  app.get('/bytes', async (_, reply) => reply.send(bytes));
  app.get('/stream', async (_, reply) => {
    reply.header('content-length', SIZE);
    return reply.send(Readable.from(pieces(), { objectMode: false }));
  });
  app.get('/text', async () => 'x'.repeat(100_000));
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => {});
  const cut = () => lines.filter((line) => line.includes('"answer.unread"')).length;
  return { app, socket, cut };
}

function* pieces(): Generator<Buffer> {
  for (let left = SIZE; left > 0; left -= 2 ** 18) yield bytes.subarray(0, Math.min(left, 2 ** 18));
}

/** Reads so much a second, and says how much came and how long it took. */
async function read(socket: Socket, path: string, perSecond: number) {
  const started = performance.now();
  let got = 0;
  socket.on('data', (piece: Buffer) => {
    got += piece.length;
    const ahead = (got / perSecond) * 1_000 - (performance.now() - started);
    if (ahead < 5) return;
    socket.pause();
    setTimeout(() => socket.resume(), ahead);
  });
  socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
  await closed(socket);
  return { got, ms: performance.now() - started };
}

describe('readers of answers', () => {
  it.each(['/bytes', '/stream'])('one that is slow gets all of %s, however long it takes', async (path) => {
    const { app, socket, cut } = await listener(800);
    const { got, ms } = await read(socket, path, 16 * 2 ** 20);
    expect(got).toBeGreaterThan(SIZE);
    expect(ms).toBeGreaterThan(2 * 800);
    expect(cut()).toBe(0);
    await app.close();
  });

  it.each([300, 1_200])(
    'one that stands still loses its connection after %d ms, which is the limit',
    async (answer) => {
      const { app, socket, cut } = await listener(answer);
      const started = performance.now();
      socket.pause();
      socket.write('GET /bytes HTTP/1.1\r\nhost: x\r\n\r\n');
      const still = setInterval(() => socket.write('\r\n'), 20);
      await closed(socket);
      clearInterval(still);
      const ms = performance.now() - started;
      expect(ms).toBeGreaterThanOrEqual(answer);
      expect(ms).toBeLessThan(answer + 850);
      expect(cut()).toBe(1);
      await app.close();
    },
  );

  it('text is cut into pieces by its bytes', async () => {
    const { app, socket } = await listener(300);
    socket.destroy();
    const answer = await app.inject({ method: 'GET', url: '/text' });
    expect([answer.headers['content-length'], answer.payload.length]).toEqual(['100000', 100_000]);
    await app.close();
  });
});
