import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Logger } from '@sumveil/telemetry';
import { readTlsPair, type TlsFiles, type TlsPair, tlsFaultOf } from './tls-pair.ts';

interface Watch {
  readonly files: TlsFiles;
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
 * when two looks have found it alike: certificate and key are two files. A pair that no peer would accept is told and left; the
 * one in force stays. Roots are those of the start: another root is another roster.
 */
export function watchTls(watch: Watch): () => void {
  const look = looker(watch);
  const timer = setInterval(look, watch.everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** One look at the files, called again and again. */
export function looker({ files, rootsPem, clock, logger, apply }: Omit<Watch, 'everyMs'>): () => void {
  let settled = contentOf(files);
  let seen = settled;
  return () => {
    const content = contentOf(files);
    const isStill = content === seen;
    seen = content;
    if (content === settled || !isStill) return;
    settled = content;
    try {
      const pair = readTlsPair(files, rootsPem, clock.now());
      apply(pair);
      logger.event('tls.swapped', { serial: pair.certificate.serialNumber });
    } catch (error) {
      logger.event('tls.refused', { code: tlsFaultOf(error) });
    }
  };
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
