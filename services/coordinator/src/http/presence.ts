import type { Logger } from '@sumveil/telemetry';
import { errorCode } from '@sumveil/telemetry';
import type { Database } from '../db/client.ts';
import { keepWatch } from '../db/watch.ts';

export interface Presence {
  /** A request of this tenant arrived; it counts as present until `done` is called, then from its last touch. */
  arrived(tenantRef: string): () => void;
  stop(): void;
}

/**
 * Signs of life (secure-aggregation.md section 10): a request, or a held-open one. Written at most once every `touchMs` and tenant,
 * all tenants of this process in one statement, outside any request.
 */
export function startPresence(db: Database, logger: Logger, touchMs: number): Presence {
  const open = new Map<string, number>();
  const fresh = new Set<string>();
  let writing = false;
  const write = async () => {
    const refs = [...new Set([...fresh, ...open.keys()])].sort();
    if (writing) return;
    writing = true;
    fresh.clear();
    try {
      await keepWatch(db.prisma, touchMs);
      if (refs.length === 0) return;
      await db.prisma.$executeRaw`
        INSERT INTO presence (tenant_ref, seen_at) SELECT unnest(${refs}::text[]), now()
        ON CONFLICT (tenant_ref) DO UPDATE SET seen_at = greatest(presence.seen_at, excluded.seen_at)`;
    } catch (error) {
      logger.event('database.error', { code: errorCode(error) });
    } finally {
      writing = false;
    }
  };
  const timer = setInterval(() => void write(), touchMs);
  return {
    arrived: (tenantRef) => {
      // A tenant that was away counts as back at once, not with the next tick.
      const away = !open.has(tenantRef) && !fresh.has(tenantRef);
      fresh.add(tenantRef);
      open.set(tenantRef, (open.get(tenantRef) ?? 0) + 1);
      if (away) void write();
      return () => {
        const left = (open.get(tenantRef) ?? 1) - 1;
        if (left > 0) open.set(tenantRef, left);
        else open.delete(tenantRef);
      };
    },
    stop: () => clearInterval(timer),
  };
}
