import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

interface Watch {
  /** Answers under way on the connection. */
  answers: number;
  readonly timer: NodeJS.Timeout;
}

const PIECE = 65_536;

/**
 * The bytes of an answer are held until the reader has taken them, so there is an end to that (fault F15): a connection on which nothing was
 * taken for `quietMs` is closed. Who is slow is judged by progress and never by the whole: a large model over a thin line
 * takes as long as it takes.
 */
export class SlowReaders {
  readonly #watches = new WeakMap<Socket, Watch>();
  readonly #quietMs: number;

  constructor(quietMs: number) {
    this.#quietMs = quietMs;
  }

  /**
   * @param told called when the connection was closed for this
   * @returns the payload to send: large ones in pieces, so that it shows how far the reader is
   */
  watch(reply: FastifyReply, payload: unknown, told: () => void): unknown {
    const { socket } = reply.request.raw;
    const watch = this.#watches.get(socket) ?? this.#begin(socket, told);
    watch.answers += 1;
    // 'close' follows 'finish', and comes alone when the connection breaks.
    reply.raw.once('finish', () => watch.timer.refresh());
    reply.raw.once('close', () => {
      watch.answers -= 1;
      if (watch.answers > 0) return;
      clearTimeout(watch.timer);
      this.#watches.delete(socket);
    });
    const took = () => void watch.timer.refresh();
    if (payload instanceof Readable) return inPieces(payload, took);
    const bytes = typeof payload === 'string' ? Buffer.from(payload, 'utf8') : payload;
    if (!(bytes instanceof Uint8Array) || bytes.byteLength <= PIECE) return payload;
    reply.header('content-length', bytes.byteLength);
    return inPieces(slices(bytes), took);
  }

  #begin(socket: Socket, told: () => void): Watch {
    const end = () => {
      told();
      socket.destroy();
    };
    const watch = { answers: 0, timer: setTimeout(end, this.#quietMs) };
    this.#watches.set(socket, watch);
    return watch;
  }
}

/** A piece is asked for when the one before it has left: that is the reader's progress. */
function inPieces(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, took: () => void): Readable {
  async function* pieces() {
    for await (const piece of source) {
      took();
      yield piece;
    }
  }
  return Readable.from(pieces(), { objectMode: false, highWaterMark: PIECE });
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += PIECE) yield bytes.subarray(at, at + PIECE);
}
