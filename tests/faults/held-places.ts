import type { Rows } from '../stories/rows.ts';

/** Phases of an attempt in which something can go wrong, in their order. */
export const phases = [
  'opening',
  'advertise',
  'share',
  'masked',
  'consistency',
  'unmask',
  'summing',
  'releasing',
] as const;
export type Phase = (typeof phases)[number];

/** Phases whose end waits for tenants. */
export const answered: readonly Phase[] = ['advertise', 'share', 'masked', 'consistency', 'unmask'];
/** Phases whose end waits for a signature. */
export const signed: readonly Phase[] = ['opening', 'advertise', 'share', 'masked', 'releasing'];

/** Nothing that a run waits for takes so long, however slow the machine: it hangs. */
export const HANG_MS = 180_000;
/** A round goes on within this time after a strike, restart included; the periods of the coordinator are an eighth of the defaults. */
export const RECOVERY_MS = 30_000;

export interface Place {
  /** Digest of the plan; of its runs, the one that is open. */
  readonly plan: string;
  readonly round: number;
  readonly phase: Phase;
  /**
   * Write that does not get through: a tenant's message, the signer's answer, the digest of a summed chunk, or the step to
   * the next phase.
   */
  readonly at: 'answer' | 'sign' | 'sum' | 'close';
  /** Of answers: whose. */
  readonly idx?: number;
  /** False: turned away as a passing fault. True: left standing in the middle of its transaction. */
  readonly waits: boolean;
}

export interface Hold extends Place {
  /** True when a writer has met the hold; false when the round is over without it. */
  met(): Promise<boolean>;
  lift(): Promise<void>;
  /** Resolves when the round has left the phase, for the next one or for its end. */
  left(timeoutMs?: number): Promise<void>;
}

/** Classes of the advisory locks: what a waiting writer waits for, and the mark that a writer leaves. */
export const WAIT = 7_101;
const MARK = 7_102;

/**
 * The database itself holds a round in a phase for as long as a test needs: a trigger meets the write that would end it. What
 * a writer leaves behind there is a session lock, since rows and notifications of a turned-away transaction are undone.
 */
export async function installHolds(rows: Rows): Promise<void> {
  await rows.all(`
    CREATE SCHEMA held;
    CREATE TABLE held.place (id serial PRIMARY KEY, plan text, round int, phase text, at text, idx int, waits boolean);
    CREATE FUNCTION held.meet(asked_at text, asked_phase text, attempt_id uuid, asked_idx int) RETURNS void
      LANGUAGE plpgsql SECURITY DEFINER AS $$
    DECLARE place held.place;
    BEGIN
      SELECT p.* INTO place FROM held.place p
        JOIN public.run r ON r.plan_digest = p.plan JOIN public.attempt a ON a.run_id = r.id AND a.round = p.round
       WHERE a.id = attempt_id AND p.at = asked_at AND p.phase = asked_phase
         AND (p.idx IS NULL OR p.idx = asked_idx) LIMIT 1;
      IF NOT FOUND THEN RETURN; END IF;
      PERFORM pg_try_advisory_lock_shared(${MARK}, place.id);
      IF place.waits THEN PERFORM pg_advisory_xact_lock_shared(${WAIT}, place.id); RETURN; END IF;
      RAISE EXCEPTION 'held: not now' USING ERRCODE = '57P03';
    END $$;
    CREATE FUNCTION held.on_message() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
      PERFORM held.meet('answer', CASE NEW.kind WHEN 'm0' THEN 'advertise' WHEN 'm1' THEN 'share' WHEN 'm2' THEN 'masked'
        WHEN 'm3' THEN 'consistency' WHEN 'm4' THEN 'unmask' END, NEW.attempt_id, NEW.idx);
      RETURN NEW;
    END $$;
    CREATE FUNCTION held.on_attempt() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
      IF NEW.phase NOT IN (OLD.phase, 'failed') THEN PERFORM held.meet('close', OLD.phase, NEW.id, NULL); END IF;
      RETURN NEW;
    END $$;
    CREATE FUNCTION held.on_sum() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
      IF OLD.digest IS NULL THEN PERFORM held.meet('sum', 'summing', NEW.attempt_id, NULL); END IF;
      RETURN NEW;
    END $$;
    CREATE FUNCTION held.on_signature() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    DECLARE asked public.sign_request; attempt_id uuid; phase text;
    BEGIN
      SELECT * INTO asked FROM public.sign_request WHERE id = NEW.request_id;
      phase := CASE WHEN asked.kind = 'plan' THEN 'opening' WHEN asked.kind = 'manifest' THEN 'releasing'
        WHEN asked.kind <> 'list' THEN NULL WHEN asked.subject LIKE '%/u1' THEN 'advertise'
        WHEN asked.subject LIKE '%/u2' THEN 'share' ELSE 'masked' END;
      IF phase IS NULL THEN RETURN NEW; END IF;
      SELECT a.id INTO attempt_id FROM public.attempt a WHERE CASE WHEN asked.kind = 'plan'
        THEN a.run_id || '/' || a.round || '/' || a.attempt = asked.subject ELSE a.id::text = split_part(asked.subject, '/', 1) END;
      PERFORM held.meet('sign', phase, attempt_id, NULL);
      RETURN NEW;
    END $$;
    CREATE TRIGGER held BEFORE INSERT ON message FOR EACH ROW EXECUTE FUNCTION held.on_message();
    CREATE TRIGGER held BEFORE UPDATE OF phase ON attempt FOR EACH ROW EXECUTE FUNCTION held.on_attempt();
    CREATE TRIGGER held BEFORE UPDATE OF digest ON sum_chunk FOR EACH ROW EXECUTE FUNCTION held.on_sum();
    CREATE TRIGGER held BEFORE INSERT ON signature FOR EACH ROW EXECUTE FUNCTION held.on_signature();`);
}

/** The last run of the plan ($1), its last attempt of the round ($2), and whether that round is over. */
const SEEN = `
  WITH last AS (SELECT id, state FROM run WHERE plan_digest = $1 ORDER BY created_at DESC LIMIT 1),
  attempted AS (SELECT a.phase FROM attempt a, last WHERE a.run_id = last.id AND a.round = $2 ORDER BY a.attempt DESC LIMIT 1),
  past AS (SELECT 1 FROM last WHERE state NOT IN ('granting', 'running')
    UNION ALL SELECT 1 FROM attempt a, last WHERE a.run_id = last.id AND (a.round > $2 OR (a.round = $2 AND a.phase = 'released')))`;

/** Holds every one of these places from now on. */
export async function holdAt(rows: Rows, places: readonly Place[]): Promise<Hold[]> {
  const holds: Hold[] = [];
  for (const place of places) holds.push(await holdOne(rows, place));
  return holds;
}

async function holdOne(rows: Rows, place: Place): Promise<Hold> {
  const { plan, round, phase, at, idx = null, waits } = place;
  // The lock first: a writer that finds the row must find it taken.
  const { id } = await rows.one<{ id: number }>(
    `WITH next AS (SELECT nextval('held.place_id_seq')::int AS id)
     INSERT INTO held.place SELECT id, $1, $2, $3, $4, $5, $6 FROM next, pg_advisory_lock(${WAIT}, id) RETURNING id`,
    [plan, round, phase, at, idx, waits],
  );
  const where = `${phase} of round ${round}`;
  return {
    ...place,
    async met() {
      const mark = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = ${MARK} AND objid = $3`;
      const { met } = await rows.until<{ met: boolean }>(
        `the ${at} in ${where}`,
        `${SEEN} SELECT EXISTS (${mark}) AS met WHERE EXISTS (${mark}) OR EXISTS (SELECT 1 FROM past)`,
        [plan, round, id],
        HANG_MS,
      );
      return met;
    },
    async lift() {
      await rows.all('DELETE FROM held.place WHERE id = $1', [id]);
      await rows.all(`SELECT pg_advisory_unlock(${WAIT}, $1)`, [id]);
    },
    async left(timeoutMs = HANG_MS) {
      await rows.until(
        `the end of ${where}`,
        `${SEEN} SELECT 1 WHERE EXISTS (SELECT 1 FROM past) OR EXISTS (SELECT 1 FROM attempted WHERE phase <> $3)`,
        [plan, round, phase],
        timeoutMs,
      );
    },
  };
}
