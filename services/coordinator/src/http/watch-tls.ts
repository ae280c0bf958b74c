import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Logger } from '@sumveil/telemetry';
import { readTlsPair, type TlsFiles, type TlsPair, tlsFaultOf } from './tls-pair.ts';

interface Watch {
  readonly files: TlsFiles;
  /** The pair in force at the start. */
  readonly inForce: TlsPair;
  readonly rootsPem: string;
  readonly everyMs: number;
  readonly clock: { now(): number };
  readonly logger: Logger;
  /** Puts a pair in front of every listener. */
  readonly apply: (pair: TlsPair) => void;
}

/**
 * Takes a changed certificate into use without a restart (governance.md section 1, rule 9). Contents are compared, not times,
 * so that files written in place, renamed over, or swapped behind a link as Kubernetes does are all the same. A change counts
 * when two looks have found it alike: certificate and key are two files. A pair that no peer would accept stays out, and the one
 * in force stays; it is judged again at every look, because one that begins in the future becomes good by itself. It is told
 * once, and once more in the last quarter of the one in force. Roots are those of the start: another root is another roster.
 */
export function watchTls(watch: Watch): () => void {
  const look = looker(watch);
  const timer = setInterval(look, watch.everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** One look at the files, called again and again. */
export function looker({ files, rootsPem, clock, logger, apply, ...o }: Omit<Watch, 'everyMs'>): () => void {
  let { inForce } = o;
  let settled: string | undefined;
  let seen = contentOf(files);
  let told: string | undefined;
  return () => {
    const content = contentOf(files);
    const isStill = content === seen;
    seen = content;
    if (content === settled || !isStill) return;
    try {
      const pair = readTlsPair(files, rootsPem, clock.now());
      if (pair.chainPem !== inForce.chainPem) {
        apply(pair);
        logger.event('tls.swapped', { serial: pair.certificate.serialNumber });
      }
      inForce = pair;
      settled = content;
      told = undefined;
    } catch (error) {
      const code = tlsFaultOf(error);
      const telling = `${content} ${code} ${isEnding(inForce, clock.now())}`;
      if (telling !== told) logger.event('tls.refused', { code });
      told = telling;
    }
  };
}

/** In the last quarter of its life. */
function isEnding({ certificate: { validFromDate, validToDate } }: TlsPair, now: number): boolean {
  const [from, to] = [validFromDate.getTime(), validToDate.getTime()];
  return now > to - (to - from) / 4;
}

/** The key's bytes leave this function as a digest only. */
function contentOf({ tlsCertFile, tlsKeyFile }: TlsFiles): string {
  const hash = createHash('sha256');
  for (const path of [tlsCertFile, tlsKeyFile]) {
    try {
      hash.update(createHash('sha256').update(readFileSync(path)).digest());
    } catch (error) {
      hash.update(String((error as NodeJS.ErrnoException).code));
    }
  }
  return hash.digest('base64url');
}
