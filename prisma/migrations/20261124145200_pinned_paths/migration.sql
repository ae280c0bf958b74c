-- Names mean what we wrote, whoever asks. Written by hand; the schema stays as it is.
--
-- Unqualified names follow the search_path of the session, and "$user" comes first in it by default: a role that may create a
-- schema called like another role puts its own tables, and triggers that run as that role, in front of ours. Functions that
-- decide who may do what are called in the session of the one whom they should stop, so they carry a path of their own.

ALTER FUNCTION refuse_foreign_leaf() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION refuse_foreign_request() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION refuse_change() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION refuse_role_pair() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION refuse_schedule_revival() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION refuse_foreign_schedule_leaf() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION refuse_foreign_resume() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION refuse_second_replacement() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION refuse_other_than_api() SET search_path = pg_catalog, public, pg_temp;

-- Every session in this database, psql of an administrator too. Only the database's owner may say so; where that is somebody
-- else, prisma/README.md has the statement. Our own connections say it themselves as well (services/coordinator/src/db/pinned.ts).
DO $$
BEGIN
  IF (SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = current_database()) THEN
    EXECUTE format('ALTER DATABASE %I SET search_path = public', current_database());
  END IF;
  -- No role of ours makes schemas any more.
  EXECUTE format('REVOKE CREATE ON DATABASE %I FROM sumveil_api, sumveil_worker, sumveil_signer', current_database());
END
$$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC, sumveil_api, sumveil_worker, sumveil_signer;

-- The one schema that the worker needs, BullMQ's, is made for it by the owner: at the first start, and again when it was dropped.
-- One that the worker made under an earlier release stays.
CREATE FUNCTION make_queue_schema() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF to_regnamespace('bullmq') IS NULL THEN
    CREATE SCHEMA bullmq;
    GRANT USAGE, CREATE ON SCHEMA bullmq TO sumveil_worker;
  END IF;
END
$$;
REVOKE ALL ON FUNCTION make_queue_schema() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION make_queue_schema() TO sumveil_worker;

-- Where a run may go. People speak through the api alone: nobody else lets a paused run go on, by whatever detour, or says that a
-- person has seen what a guard found. What has ended stays as it ended.
ALTER TABLE run ADD CONSTRAINT run_state CHECK (state IN ('granting', 'running', 'paused', 'completed', 'aborted'));

CREATE FUNCTION refuse_run_move() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  resumed boolean := OLD.state = 'paused' AND NEW.state = 'running';
BEGIN
  IF OLD.state <> NEW.state AND (
    OLD.state IN ('completed', 'aborted') OR NEW.state = 'granting' OR OLD.state = 'granting' AND NEW.state = 'paused'
  ) THEN
    RAISE EXCEPTION 'run % does not go from % to %', OLD.id, OLD.state, NEW.state USING ERRCODE = 'check_violation';
  END IF;
  IF resumed AND NOT pg_has_role('sumveil_api', 'MEMBER') THEN
    RAISE EXCEPTION 'a paused run is not for % to resume', current_user USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF OLD.acknowledged <> NEW.acknowledged AND NOT (resumed AND NEW.acknowledged <= NEW.round) THEN
    RAISE EXCEPTION 'rounds of % are acknowledged when a person resumes it, and at no other time', OLD.id
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END
$$;

CREATE FUNCTION refuse_acknowledged_start() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'run % begins with nothing acknowledged', NEW.id USING ERRCODE = 'insufficient_privilege';
END
$$;

DROP TRIGGER run_resumed_by_role ON run;
CREATE TRIGGER run_moves BEFORE UPDATE ON run FOR EACH ROW
  WHEN (OLD.state <> NEW.state OR OLD.acknowledged <> NEW.acknowledged) EXECUTE FUNCTION refuse_run_move();
CREATE TRIGGER run_begins BEFORE INSERT ON run FOR EACH ROW
  WHEN (NEW.acknowledged <> 0) EXECUTE FUNCTION refuse_acknowledged_start();

-- A schedule is paused, resumed and removed by people; the worker moves its next moment on and ends it.
CREATE FUNCTION refuse_foreign_schedule_move() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT pg_has_role('sumveil_api', 'MEMBER') THEN
    RAISE EXCEPTION 'schedule % is not for % to pause, resume or remove', OLD.id, current_user
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER schedule_people_move BEFORE UPDATE ON schedule FOR EACH ROW
  WHEN (OLD.state <> NEW.state AND (OLD.state = 'paused' OR NEW.state IN ('paused', 'removed')))
  EXECUTE FUNCTION refuse_foreign_schedule_move();
