-- CreateTable
CREATE TABLE "schedule" (
    "id" TEXT NOT NULL,
    "plan_digest" TEXT NOT NULL,
    "cron" TEXT NOT NULL,
    "zone" TEXT NOT NULL,
    "window_minutes" INTEGER NOT NULL,
    "ends_at" TIMESTAMPTZ(3),
    "ticket" TEXT NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "state" TEXT NOT NULL DEFAULT 'active',
    "next_at" TIMESTAMPTZ(3),
    "held_by" TEXT,

    CONSTRAINT "schedule_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "schedule_occurrence" (
    "schedule_id" TEXT NOT NULL,
    "moment" TIMESTAMPTZ(3) NOT NULL,
    "through" TIMESTAMPTZ(3) NOT NULL,
    "count" INTEGER NOT NULL DEFAULT 1,
    "outcome" TEXT NOT NULL,
    "reason" TEXT,
    "run_id" TEXT,
    "decision_id" UUID,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "schedule_occurrence_pkey" PRIMARY KEY ("schedule_id","moment")
);

-- CreateIndex
CREATE INDEX "schedule_state_next_at_idx" ON "schedule"("state", "next_at");

-- CreateIndex
CREATE UNIQUE INDEX "schedule_occurrence_run_id_key" ON "schedule_occurrence"("run_id");

-- AddForeignKey
ALTER TABLE "schedule" ADD CONSTRAINT "schedule_plan_digest_fkey" FOREIGN KEY ("plan_digest") REFERENCES "plan"("digest") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "schedule_occurrence" ADD CONSTRAINT "schedule_occurrence_schedule_id_fkey" FOREIGN KEY ("schedule_id") REFERENCES "schedule"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Written by hand: rights and invariants.

ALTER TABLE schedule ADD CONSTRAINT schedule_window CHECK (window_minutes BETWEEN 1 AND 1440);
ALTER TABLE schedule ADD CONSTRAINT schedule_state CHECK (state IN ('active', 'paused', 'removed', 'ended'));
-- What is active has a moment to come; what is not has none, so nothing of it can be due.
ALTER TABLE schedule ADD CONSTRAINT schedule_next CHECK ((state = 'active') = (next_at IS NOT NULL));
ALTER TABLE schedule_occurrence ADD CONSTRAINT schedule_occurrence_outcome CHECK (
  (outcome = 'started' AND run_id IS NOT NULL AND decision_id IS NOT NULL) OR
  (outcome IN ('denied', 'missed') AND run_id IS NULL AND reason IS NOT NULL)
);
ALTER TABLE schedule_occurrence ADD CONSTRAINT schedule_occurrence_span CHECK (
  through >= moment AND count BETWEEN 1 AND 1000 AND (outcome = 'missed' OR (count = 1 AND through = moment))
);

-- People make schedules, through the api; the worker only moves their course on. What came of a moment is written once.
REVOKE ALL ON schedule, schedule_occurrence FROM PUBLIC;
GRANT SELECT ON schedule, schedule_occurrence TO sumveil_api, sumveil_worker, sumveil_signer;
GRANT INSERT ON schedule TO sumveil_api;
GRANT UPDATE (state, next_at, held_by) ON schedule TO sumveil_api, sumveil_worker;
GRANT INSERT ON schedule_occurrence TO sumveil_api, sumveil_worker;

CREATE FUNCTION refuse_schedule_revival() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state IN ('removed', 'ended') THEN
    RAISE EXCEPTION 'schedule % is % for good', OLD.id, OLD.state USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER schedule_over_is_over BEFORE UPDATE ON schedule FOR EACH ROW EXECUTE FUNCTION refuse_schedule_revival();

-- A person's words come by the api, a start by the worker that found the moment due.
CREATE FUNCTION refuse_foreign_schedule_leaf() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  kind text := substring(NEW.key FROM '^\["(schedule\.[a-z_]+)"');
BEGIN
  IF kind IN ('schedule.created', 'schedule.changed') AND NOT pg_has_role('sumveil_api', 'MEMBER')
    OR kind = 'schedule.occurred' AND NOT pg_has_role('sumveil_worker', 'MEMBER') THEN
    RAISE EXCEPTION 'leaf % is not for % to hand in', kind, current_user USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER audit_pending_schedule_by_role BEFORE INSERT ON audit_pending
  FOR EACH ROW EXECUTE FUNCTION refuse_foreign_schedule_leaf();
