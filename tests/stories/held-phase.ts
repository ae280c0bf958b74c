import type { Tenant } from '../constellation/index.ts';
import type { Rows } from './rows.ts';

/**
 * The database turns away one tenant's M2 of one round as a passing fault would, and its connector repeats it: the phase of
 * masked inputs stays open, with this tenant's chunks uploaded, for as long as a story needs it.
 */
export async function holdMaskedInputOf(rows: Rows, tenant: Tenant, round: number): Promise<void> {
  await rows.all(`
    CREATE FUNCTION hold_m2() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.kind = 'm2' AND NEW.idx = ${tenant.idx}
         AND (SELECT round FROM attempt WHERE id = NEW.attempt_id) = ${round} THEN
        RAISE EXCEPTION 'story: not now' USING ERRCODE = '57P03';
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER hold_m2 BEFORE INSERT ON message FOR EACH ROW EXECUTE FUNCTION hold_m2();`);
}

export async function letMaskedInputPass(rows: Rows): Promise<void> {
  await rows.all('DROP TRIGGER hold_m2 ON message; DROP FUNCTION hold_m2()');
}
