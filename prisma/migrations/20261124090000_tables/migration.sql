-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "tenant" (
    "ref" TEXT NOT NULL,
    "idx" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "region" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'active',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tenant_pkey" PRIMARY KEY ("ref")
);

-- CreateTable
CREATE TABLE "app_user" (
    "ref" TEXT NOT NULL,
    "iss" TEXT NOT NULL,
    "sub" TEXT NOT NULL,
    "name" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "app_user_pkey" PRIMARY KEY ("ref")
);

-- CreateTable
CREATE TABLE "role_binding" (
    "user_ref" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "scope" TEXT NOT NULL,

    CONSTRAINT "role_binding_pkey" PRIMARY KEY ("user_ref","role","scope")
);

-- CreateTable
CREATE TABLE "invitation" (
    "id" UUID NOT NULL,
    "tenant_ref" TEXT NOT NULL,
    "operator_ticket" TEXT NOT NULL,
    "spki_hash" BYTEA,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "confirmed_at" TIMESTAMPTZ(3),

    CONSTRAINT "invitation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "join_token" (
    "hash" BYTEA NOT NULL,
    "tenant_ref" TEXT NOT NULL,
    "spki_hash" BYTEA,
    "tickets" TEXT[],
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),

    CONSTRAINT "join_token_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "connector" (
    "name" TEXT NOT NULL,
    "tenant_ref" TEXT NOT NULL,
    "n" INTEGER NOT NULL,
    "roster_key" BYTEA NOT NULL,
    "witness_key" BYTEA NOT NULL,
    "enrolled_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "connector_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "certificate" (
    "serial" TEXT NOT NULL,
    "connector_name" TEXT NOT NULL,
    "spki_hash" BYTEA NOT NULL,
    "chain_pem" TEXT NOT NULL,
    "not_before" TIMESTAMPTZ(3) NOT NULL,
    "not_after" TIMESTAMPTZ(3) NOT NULL,
    "replaced_by" TEXT,

    CONSTRAINT "certificate_pkey" PRIMARY KEY ("serial")
);

-- CreateTable
CREATE TABLE "revocation" (
    "id" UUID NOT NULL,
    "scope" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "ticket" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "revocation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "presence" (
    "tenant_ref" TEXT NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "presence_pkey" PRIMARY KEY ("tenant_ref")
);

-- CreateTable
CREATE TABLE "roster" (
    "hash" BYTEA NOT NULL,
    "roster_id" TEXT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "body" BYTEA NOT NULL,
    "published_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "effective_at" TIMESTAMPTZ(3),

    CONSTRAINT "roster_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "roster_approval" (
    "roster_hash" BYTEA NOT NULL,
    "idx" INTEGER NOT NULL,
    "message" BYTEA NOT NULL,

    CONSTRAINT "roster_approval_pkey" PRIMARY KEY ("roster_hash","idx")
);

-- CreateTable
CREATE TABLE "approver_list" (
    "tenant_ref" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "envelope" BYTEA NOT NULL,
    "digest" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "approver_list_pkey" PRIMARY KEY ("tenant_ref","version")
);

-- CreateTable
CREATE TABLE "local_policy_declaration" (
    "id" UUID NOT NULL,
    "tenant_ref" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "min_cohort" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "local_policy_declaration_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "artifact" (
    "digest" TEXT NOT NULL,
    "size" BIGINT NOT NULL,
    "media_type" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "artifact_pkey" PRIMARY KEY ("digest")
);

-- CreateTable
CREATE TABLE "plan" (
    "digest" TEXT NOT NULL,
    "bytes" BYTEA NOT NULL,
    "name" TEXT NOT NULL,
    "requester_ref" TEXT NOT NULL,
    "submitted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "withdrawn_at" TIMESTAMPTZ(3),

    CONSTRAINT "plan_pkey" PRIMARY KEY ("digest")
);

-- CreateTable
CREATE TABLE "approval" (
    "id" TEXT NOT NULL,
    "subject_kind" TEXT NOT NULL,
    "subject_digest" TEXT NOT NULL,
    "tenant_ref" TEXT NOT NULL,
    "approver_ref" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "decision" TEXT NOT NULL,
    "ticket_system" TEXT NOT NULL,
    "ticket_id" TEXT NOT NULL,
    "issued_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "envelope" BYTEA NOT NULL,
    "digest" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "approval_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "policy_decision" (
    "id" UUID NOT NULL,
    "run_id" TEXT,
    "plan_digest" TEXT,
    "action" TEXT NOT NULL,
    "effect" TEXT NOT NULL,
    "cause" TEXT NOT NULL,
    "reasons" TEXT[],
    "bundle" TEXT NOT NULL,
    "engine" TEXT NOT NULL,
    "input_digest" TEXT NOT NULL,
    "input" BYTEA NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "policy_decision_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "grant" (
    "id" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "run_id" TEXT NOT NULL,
    "prev_grant" TEXT,
    "payload" BYTEA NOT NULL,
    "envelope" BYTEA NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "leaf_key" TEXT NOT NULL,

    CONSTRAINT "grant_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "run" (
    "id" TEXT NOT NULL,
    "plan_digest" TEXT NOT NULL,
    "model_name" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "reason" TEXT,
    "requester_ref" TEXT NOT NULL,
    "round" INTEGER NOT NULL DEFAULT 0,
    "rounds" INTEGER NOT NULL,
    "model_digest" TEXT NOT NULL,
    "prev_manifest" BYTEA NOT NULL,
    "grant_id" TEXT,
    "run_seq" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "run_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "lease" (
    "resource" TEXT NOT NULL,
    "epoch" BIGINT NOT NULL DEFAULT 0,
    "holder" TEXT NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "lease_pkey" PRIMARY KEY ("resource")
);

-- CreateTable
CREATE TABLE "attempt" (
    "id" UUID NOT NULL,
    "run_id" TEXT NOT NULL,
    "round" INTEGER NOT NULL,
    "attempt" INTEGER NOT NULL,
    "stage" TEXT NOT NULL,
    "phase" TEXT NOT NULL,
    "fail_code" TEXT,
    "plan_body" BYTEA NOT NULL,
    "plan_sig" BYTEA,
    "plan_hash" BYTEA NOT NULL,
    "model_digest" TEXT NOT NULL,
    "leaf_key" TEXT NOT NULL,
    "decision_id" UUID NOT NULL,
    "phase_opened_at" TIMESTAMPTZ(3) NOT NULL,
    "deadline_at" TIMESTAMPTZ(3) NOT NULL,
    "agg_root" BYTEA,
    "manifest_body" BYTEA,
    "manifest_sig" BYTEA,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "attempt_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "phase_list" (
    "attempt_id" UUID NOT NULL,
    "phase" TEXT NOT NULL,
    "members" INTEGER[],
    "body" BYTEA NOT NULL,
    "sig" BYTEA,

    CONSTRAINT "phase_list_pkey" PRIMARY KEY ("attempt_id","phase")
);

-- CreateTable
CREATE TABLE "message" (
    "attempt_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "idx" INTEGER NOT NULL,
    "body" BYTEA NOT NULL,
    "sig" BYTEA NOT NULL,
    "serial" TEXT NOT NULL,
    "late" BOOLEAN NOT NULL DEFAULT false,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "message_pkey" PRIMARY KEY ("attempt_id","kind","idx")
);

-- CreateTable
CREATE TABLE "envelope" (
    "attempt_id" UUID NOT NULL,
    "from_idx" INTEGER NOT NULL,
    "to_idx" INTEGER NOT NULL,
    "body" BYTEA NOT NULL,
    "path" BYTEA NOT NULL,

    CONSTRAINT "envelope_pkey" PRIMARY KEY ("attempt_id","from_idx","to_idx")
);

-- CreateTable
CREATE TABLE "chunk" (
    "attempt_id" UUID NOT NULL,
    "idx" INTEGER NOT NULL,
    "segment" INTEGER NOT NULL,
    "chunk" INTEGER NOT NULL,
    "digest" TEXT NOT NULL,
    "size" INTEGER NOT NULL,

    CONSTRAINT "chunk_pkey" PRIMARY KEY ("attempt_id","idx","segment","chunk")
);

-- CreateTable
CREATE TABLE "sum_chunk" (
    "attempt_id" UUID NOT NULL,
    "segment" INTEGER NOT NULL,
    "chunk" INTEGER NOT NULL,
    "digest" TEXT,

    CONSTRAINT "sum_chunk_pkey" PRIMARY KEY ("attempt_id","segment","chunk")
);

-- CreateTable
CREATE TABLE "attempt_secret" (
    "attempt_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "idx" INTEGER NOT NULL,
    "sealed" BYTEA NOT NULL,

    CONSTRAINT "attempt_secret_pkey" PRIMARY KEY ("attempt_id","kind","idx")
);

-- CreateTable
CREATE TABLE "task" (
    "id" BIGSERIAL NOT NULL,
    "attempt_id" UUID NOT NULL,
    "idx" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "closed_at" TIMESTAMPTZ(3),

    CONSTRAINT "task_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "gate_refusal" (
    "id" UUID NOT NULL,
    "tenant_ref" TEXT NOT NULL,
    "run_id" TEXT NOT NULL,
    "attempt_id" UUID,
    "grant_digest" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "field" INTEGER,
    "envelope" BYTEA NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "gate_refusal_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "model_version" (
    "model" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "digest" TEXT NOT NULL,
    "parent_digest" TEXT NOT NULL,
    "run_id" TEXT NOT NULL,
    "round" INTEGER NOT NULL,
    "agg_root" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "model_version_pkey" PRIMARY KEY ("model","version")
);

-- CreateTable
CREATE TABLE "evaluation" (
    "run_id" TEXT NOT NULL,
    "round" INTEGER NOT NULL,
    "model_digest" TEXT NOT NULL,
    "survivors" INTEGER NOT NULL,
    "metrics" JSONB NOT NULL,
    "withheld" BOOLEAN NOT NULL DEFAULT false,
    "digest" TEXT NOT NULL,

    CONSTRAINT "evaluation_pkey" PRIMARY KEY ("run_id","round")
);

-- CreateTable
CREATE TABLE "privacy_ledger" (
    "ledger_ref" TEXT NOT NULL,
    "total_micro" BIGINT NOT NULL DEFAULT 0,
    "cap_micro" BIGINT NOT NULL,

    CONSTRAINT "privacy_ledger_pkey" PRIMARY KEY ("ledger_ref")
);

-- CreateTable
CREATE TABLE "privacy_charge" (
    "charge_id" TEXT NOT NULL,
    "ledger_ref" TEXT NOT NULL,
    "run_id" TEXT NOT NULL,
    "round" INTEGER NOT NULL,
    "attempt" INTEGER NOT NULL,
    "mechanism" TEXT NOT NULL,
    "epsilon_micro" BIGINT NOT NULL,
    "total_micro" BIGINT NOT NULL,
    "cap_micro" BIGINT NOT NULL,
    "delta_inv" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "privacy_charge_pkey" PRIMARY KEY ("charge_id")
);

-- CreateTable
CREATE TABLE "audit_dedupe" (
    "log" TEXT NOT NULL,
    "key" TEXT NOT NULL,

    CONSTRAINT "audit_dedupe_pkey" PRIMARY KEY ("log","key")
);

-- CreateTable
CREATE TABLE "audit_pending" (
    "id" BIGSERIAL NOT NULL,
    "log" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "leaf" BYTEA NOT NULL,
    "gated" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "audit_pending_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_leaf" (
    "log" TEXT NOT NULL,
    "idx" BIGINT NOT NULL,
    "key" TEXT NOT NULL,
    "leaf" BYTEA NOT NULL,
    "leaf_hash" BYTEA NOT NULL,

    CONSTRAINT "audit_leaf_pkey" PRIMARY KEY ("log","idx")
);

-- CreateTable
CREATE TABLE "audit_tile" (
    "log" TEXT NOT NULL,
    "level" INTEGER NOT NULL,
    "n" BIGINT NOT NULL,
    "hashes" BYTEA NOT NULL,

    CONSTRAINT "audit_tile_pkey" PRIMARY KEY ("log","level","n")
);

-- CreateTable
CREATE TABLE "audit_head" (
    "log" TEXT NOT NULL,
    "size" BIGINT NOT NULL,
    "range" BYTEA NOT NULL,

    CONSTRAINT "audit_head_pkey" PRIMARY KEY ("log")
);

-- CreateTable
CREATE TABLE "audit_checkpoint" (
    "log" TEXT NOT NULL,
    "size" BIGINT NOT NULL,
    "root" BYTEA NOT NULL,
    "note" BYTEA NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audit_checkpoint_pkey" PRIMARY KEY ("log","size")
);

-- CreateTable
CREATE TABLE "audit_cosig" (
    "log" TEXT NOT NULL,
    "size" BIGINT NOT NULL,
    "tenant_ref" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "time" BIGINT NOT NULL,
    "line" TEXT NOT NULL,

    CONSTRAINT "audit_cosig_pkey" PRIMARY KEY ("log","size","tenant_ref")
);

-- CreateTable
CREATE TABLE "sign_request" (
    "id" BIGSERIAL NOT NULL,
    "kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "body" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sign_request_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "signature" (
    "request_id" BIGINT NOT NULL,
    "epoch" BIGINT NOT NULL,
    "digest" TEXT NOT NULL,
    "result" BYTEA,
    "error" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "signature_pkey" PRIMARY KEY ("request_id")
);

-- CreateTable
CREATE TABLE "outbox" (
    "id" BIGSERIAL NOT NULL,
    "topic" TEXT NOT NULL,
    "ref" TEXT NOT NULL,
    "dedupe" TEXT NOT NULL,
    "available_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "published_at" TIMESTAMPTZ(3),

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotent_answer" (
    "scope" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "status" INTEGER NOT NULL,
    "body" BYTEA NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotent_answer_pkey" PRIMARY KEY ("scope","key")
);

-- CreateIndex
CREATE UNIQUE INDEX "tenant_idx_key" ON "tenant"("idx");

-- CreateIndex
CREATE UNIQUE INDEX "tenant_name_key" ON "tenant"("name");

-- CreateIndex
CREATE UNIQUE INDEX "app_user_iss_sub_key" ON "app_user"("iss", "sub");

-- CreateIndex
CREATE UNIQUE INDEX "connector_roster_key_key" ON "connector"("roster_key");

-- CreateIndex
CREATE UNIQUE INDEX "connector_witness_key_key" ON "connector"("witness_key");

-- CreateIndex
CREATE UNIQUE INDEX "connector_tenant_ref_n_key" ON "connector"("tenant_ref", "n");

-- CreateIndex
CREATE UNIQUE INDEX "certificate_replaced_by_key" ON "certificate"("replaced_by");

-- CreateIndex
CREATE UNIQUE INDEX "revocation_scope_target_key" ON "revocation"("scope", "target");

-- CreateIndex
CREATE UNIQUE INDEX "roster_roster_id_epoch_key" ON "roster"("roster_id", "epoch");

-- CreateIndex
CREATE INDEX "local_policy_declaration_tenant_ref_at_idx" ON "local_policy_declaration"("tenant_ref", "at");

-- CreateIndex
CREATE INDEX "approval_subject_digest_idx" ON "approval"("subject_digest");

-- CreateIndex
CREATE UNIQUE INDEX "grant_digest_key" ON "grant"("digest");

-- CreateIndex
CREATE INDEX "run_state_idx" ON "run"("state");

-- CreateIndex
CREATE UNIQUE INDEX "attempt_plan_hash_key" ON "attempt"("plan_hash");

-- CreateIndex
CREATE INDEX "attempt_phase_idx" ON "attempt"("phase");

-- CreateIndex
CREATE UNIQUE INDEX "attempt_run_id_round_attempt_key" ON "attempt"("run_id", "round", "attempt");

-- CreateIndex
CREATE INDEX "task_idx_closed_at_idx" ON "task"("idx", "closed_at");

-- CreateIndex
CREATE UNIQUE INDEX "task_attempt_id_idx_kind_key" ON "task"("attempt_id", "idx", "kind");

-- CreateIndex
CREATE UNIQUE INDEX "model_version_run_id_round_key" ON "model_version"("run_id", "round");

-- CreateIndex
CREATE UNIQUE INDEX "audit_leaf_log_key_key" ON "audit_leaf"("log", "key");

-- CreateIndex
CREATE UNIQUE INDEX "sign_request_kind_subject_key" ON "sign_request"("kind", "subject");

-- CreateIndex
CREATE UNIQUE INDEX "outbox_dedupe_key" ON "outbox"("dedupe");

-- CreateIndex
CREATE INDEX "outbox_published_at_available_at_idx" ON "outbox"("published_at", "available_at");

-- AddForeignKey
ALTER TABLE "role_binding" ADD CONSTRAINT "role_binding_user_ref_fkey" FOREIGN KEY ("user_ref") REFERENCES "app_user"("ref") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "certificate" ADD CONSTRAINT "certificate_connector_name_fkey" FOREIGN KEY ("connector_name") REFERENCES "connector"("name") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "roster_approval" ADD CONSTRAINT "roster_approval_roster_hash_fkey" FOREIGN KEY ("roster_hash") REFERENCES "roster"("hash") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "grant" ADD CONSTRAINT "grant_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "run"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run" ADD CONSTRAINT "run_plan_digest_fkey" FOREIGN KEY ("plan_digest") REFERENCES "plan"("digest") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attempt" ADD CONSTRAINT "attempt_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "run"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "phase_list" ADD CONSTRAINT "phase_list_attempt_id_fkey" FOREIGN KEY ("attempt_id") REFERENCES "attempt"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "message" ADD CONSTRAINT "message_attempt_id_fkey" FOREIGN KEY ("attempt_id") REFERENCES "attempt"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "envelope" ADD CONSTRAINT "envelope_attempt_id_fkey" FOREIGN KEY ("attempt_id") REFERENCES "attempt"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "chunk" ADD CONSTRAINT "chunk_attempt_id_fkey" FOREIGN KEY ("attempt_id") REFERENCES "attempt"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sum_chunk" ADD CONSTRAINT "sum_chunk_attempt_id_fkey" FOREIGN KEY ("attempt_id") REFERENCES "attempt"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attempt_secret" ADD CONSTRAINT "attempt_secret_attempt_id_fkey" FOREIGN KEY ("attempt_id") REFERENCES "attempt"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "task" ADD CONSTRAINT "task_attempt_id_fkey" FOREIGN KEY ("attempt_id") REFERENCES "attempt"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "signature" ADD CONSTRAINT "signature_request_id_fkey" FOREIGN KEY ("request_id") REFERENCES "sign_request"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
