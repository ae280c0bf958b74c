-- Rights and invariants that the database enforces itself (governance.md sections 2, 5 and 7). Written by hand.
-- Rights are hygiene, not evidence: a superuser can still change a leaf, and only recomputation against a root held elsewhere
-- shows it.

-- Roles. Where the owner may not create them, they exist already (prisma/README.md).
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['sumveil_api', 'sumveil_worker', 'sumveil_signer'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
      EXECUTE format('CREATE ROLE %I', name);
    END IF;
  END LOOP;
  -- BullMQ's Postgres backend keeps its tables in a schema of the worker's own.
  EXECUTE format('GRANT CREATE ON DATABASE %I TO sumveil_worker', current_database());
END
$$;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO sumveil_api, sumveil_worker, sumveil_signer;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO sumveil_api, sumveil_worker, sumveil_signer;

-- Everybody reads everything but the reconstructed secrets of dropped members, which are the worker's alone.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO sumveil_api, sumveil_worker, sumveil_signer;
REVOKE ALL ON attempt_secret FROM sumveil_api, sumveil_signer;
GRANT INSERT, DELETE ON attempt_secret TO sumveil_worker;
-- Aborting a run deletes them at once; the api can do that without reading one.
GRANT SELECT (attempt_id), DELETE ON attempt_secret TO sumveil_api;

-- Who exists, and under which keys: the api's alone, because a certificate or a roster follows from these rows.
GRANT INSERT, UPDATE ON tenant, app_user, invitation, join_token, presence TO sumveil_api;
GRANT INSERT ON connector, certificate, roster TO sumveil_api;
GRANT UPDATE (effective_at) ON roster TO sumveil_api;

-- State that api and worker move on. What an attempt is stays as it was written: the signer finds manifests by it.
GRANT INSERT, UPDATE ON artifact, run, phase_list, sum_chunk, task, privacy_ledger, outbox TO sumveil_api, sumveil_worker;
GRANT INSERT ON attempt TO sumveil_worker;
GRANT UPDATE (phase, fail_code, plan_sig, phase_opened_at, deadline_at, agg_root, manifest_body, manifest_sig, ended_at)
  ON attempt TO sumveil_api, sumveil_worker;
GRANT INSERT ON model_version, evaluation TO sumveil_worker;
GRANT INSERT, UPDATE ON lease TO sumveil_worker;
GRANT INSERT, UPDATE ON "grant" TO sumveil_worker;
GRANT INSERT, UPDATE, DELETE ON role_binding, idempotent_answer TO sumveil_api;
GRANT DELETE ON idempotent_answer, outbox, artifact, chunk TO sumveil_worker;

-- Evidence as received or decided: written once.
GRANT INSERT ON
  revocation, roster_approval, approver_list, local_policy_declaration, approval, policy_decision, message, envelope, chunk,
  gate_refusal, privacy_charge
  TO sumveil_api, sumveil_worker;
GRANT INSERT ON plan TO sumveil_api;
GRANT UPDATE (withdrawn_at) ON plan TO sumveil_api, sumveil_worker;

-- The log: api and worker hand in, the signer sequences and signs. Cosignatures arrive at the api.
GRANT INSERT ON audit_dedupe, audit_pending, sign_request TO sumveil_api, sumveil_worker;
GRANT INSERT ON audit_cosig TO sumveil_api;
GRANT INSERT ON audit_dedupe, audit_leaf, audit_tile, audit_checkpoint, signature, outbox TO sumveil_signer;
GRANT INSERT, DELETE ON audit_pending TO sumveil_signer;
GRANT INSERT, UPDATE ON audit_head, lease TO sumveil_signer;

-- Who may hand in which leaf, and ask for which signature: the signer takes these for what people, tenants or the rounds
-- themselves said, so that one process cannot write the evidence of another. The sequencer holds the key against the leaf.
CREATE FUNCTION refuse_foreign_leaf() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  kind text := substring(NEW.key FROM '^\["([a-z_.]+)"');
  by_api boolean := kind IN
    ('tenant.created', 'tenant.suspended', 'tenant.reactivated', 'enrol.token_issued', 'connector.enrolled',
     'roster.published', 'roster.effective', 'approvers.declared', 'plan.submitted', 'plan.withdrawn', 'approval.granted',
     'approval.refused', 'approval.withdrawn');
  by_worker boolean := kind IN ('grant.issued', 'round.opened', 'aggregate.released', 'model.version_created');
BEGIN
  IF by_api AND NOT pg_has_role('sumveil_api', 'MEMBER') OR by_worker AND NOT pg_has_role('sumveil_worker', 'MEMBER') THEN
    RAISE EXCEPTION 'leaf % is not for % to hand in', kind, current_user USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END
$$;

CREATE FUNCTION refuse_foreign_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.kind = 'certificate' AND NOT pg_has_role('sumveil_api', 'MEMBER') THEN
    RAISE EXCEPTION 'a % is not for % to ask for', NEW.kind, current_user USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER audit_pending_by_role BEFORE INSERT ON audit_pending FOR EACH ROW EXECUTE FUNCTION refuse_foreign_leaf();
CREATE TRIGGER sign_request_by_role BEFORE INSERT ON sign_request FOR EACH ROW EXECUTE FUNCTION refuse_foreign_request();

-- Leaves, checkpoints and cosignatures are never changed, by whomever.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_leaf_append_only BEFORE UPDATE OR DELETE ON audit_leaf FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_leaf_no_truncate BEFORE TRUNCATE ON audit_leaf FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_checkpoint_append_only BEFORE UPDATE OR DELETE ON audit_checkpoint FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_checkpoint_no_truncate BEFORE TRUNCATE ON audit_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_cosig_append_only BEFORE UPDATE OR DELETE ON audit_cosig FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_cosig_no_truncate BEFORE TRUNCATE ON audit_cosig FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Duties apart: operator and auditor hold no other role. The lock keeps two concurrent bindings of one person from missing
-- each other.
CREATE FUNCTION refuse_role_pair() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('role_binding ' || NEW.user_ref, 0));
  IF EXISTS (
    SELECT FROM role_binding
    WHERE user_ref = NEW.user_ref AND role <> NEW.role
      AND (role IN ('platform-operator', 'auditor') OR NEW.role IN ('platform-operator', 'auditor'))
  ) THEN
    RAISE EXCEPTION 'role % cannot be held together with another role of the same person', NEW.role USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER role_binding_duties_apart BEFORE INSERT OR UPDATE ON role_binding FOR EACH ROW EXECUTE FUNCTION refuse_role_pair();

ALTER TABLE role_binding ADD CONSTRAINT role_binding_role CHECK
  (role IN ('platform-operator', 'tenant-admin', 'data-steward', 'privacy-officer', 'auditor'));
-- Operators and auditors look after the platform; everybody else speaks for one tenant.
ALTER TABLE role_binding ADD CONSTRAINT role_binding_scope CHECK
  ((role IN ('platform-operator', 'auditor')) = (scope = 'platform'));

-- Behind the locked read-add-update of section 7: no charge beyond the cap, whatever the code does.
ALTER TABLE privacy_ledger ADD CONSTRAINT privacy_ledger_cap CHECK (total_micro >= 0 AND total_micro <= cap_micro);
ALTER TABLE privacy_charge ADD CONSTRAINT privacy_charge_cap CHECK (epsilon_micro >= 0 AND total_micro <= cap_micro);
