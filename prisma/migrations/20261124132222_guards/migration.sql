-- AlterTable
ALTER TABLE "run" ADD COLUMN     "acknowledged" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "guard_fact" (
    "run_id" TEXT NOT NULL,
    "round" INTEGER NOT NULL,
    "cohort" INTEGER NOT NULL,
    "accepted" INTEGER NOT NULL,
    "loss" DOUBLE PRECISION,
    "norm" DOUBLE PRECISION,

    CONSTRAINT "guard_fact_pkey" PRIMARY KEY ("run_id","round")
);

-- By hand. Facts of rounds whose metrics may be withheld: nobody but the worker that judges them reads them, and they stay as
-- they were written.
REVOKE ALL ON guard_fact FROM PUBLIC;
GRANT SELECT, INSERT ON guard_fact TO sumveil_worker;

-- A person resumes a run, and people speak through the api alone: a worker that would let itself go on cannot.
CREATE FUNCTION refuse_foreign_resume() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT pg_has_role('sumveil_api', 'MEMBER') THEN
    RAISE EXCEPTION 'a paused run is not for % to resume', current_user USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER run_resumed_by_role BEFORE UPDATE ON run FOR EACH ROW
  WHEN (OLD.state = 'paused' AND NEW.state = 'running' OR OLD.acknowledged <> NEW.acknowledged)
  EXECUTE FUNCTION refuse_foreign_resume();
CREATE TRIGGER audit_pending_resumed_by_role BEFORE INSERT ON audit_pending FOR EACH ROW
  WHEN (NEW.key LIKE '["run.resumed"%')
  EXECUTE FUNCTION refuse_foreign_resume();
