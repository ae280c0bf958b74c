import type { Tenant } from '@sumveil/constellation';
import type { Rows } from './rows.ts';

/**
 * The database turns away one tenant's message of one round as a passing fault would, and its connector repeats it: the
 * phase stays open for as long as a story needs it. Of masked inputs (m2), the tenant's chunks are uploaded by then.
 */
export async function hold(rows: Rows, kind: 'm2' | 'm3', tenant: Tenant, round: number): Promise<void> {
  await rows.all(`
    CREATE FUNCTION hold_${kind}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.kind = '${kind}' AND NEW.idx = ${tenant.idx}
         AND (SELECT round FROM attempt WHERE id = NEW.attempt_id) = ${round} THEN
        RAISE EXCEPTION 'story: not now' USING ERRCODE = '57P03';
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER hold_${kind} BEFORE INSERT ON message FOR EACH ROW EXECUTE FUNCTION hold_${kind}();`);
}

export async function letPass(rows: Rows, kind: 'm2' | 'm3'): Promise<void> {
  await rows.all(`DROP TRIGGER hold_${kind} ON message; DROP FUNCTION hold_${kind}()`);
}
