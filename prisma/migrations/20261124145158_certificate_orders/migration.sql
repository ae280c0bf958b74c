-- AlterTable
ALTER TABLE "sign_request" ALTER COLUMN "created_at" SET DEFAULT clock_timestamp();

-- AlterTable
ALTER TABLE "signature" ADD COLUMN     "replaces" TEXT;

-- CreateIndex
CREATE UNIQUE INDEX "signature_replaces_key" ON "signature"("replaces");

-- Written by hand from here on (governance.md section 1, rule 9).

-- When something was ordered is for the database to say, and so is its number: whoever asks hands in what they ask for.
REVOKE INSERT ON sign_request FROM sumveil_api, sumveil_worker;
GRANT INSERT (kind, subject, body) ON sign_request TO sumveil_api, sumveil_worker;

-- A refusal does not use a serial up, so it may be ordered for again under `serial:<hex>/<n>`. One answer alone holds a
-- certificate, whatever the code does: the column is derived here, and is unique.
CREATE FUNCTION name_replaced_serial() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  NEW.replaces := (
    SELECT split_part(substr(subject, 8), '/', 1) FROM public.sign_request
    WHERE id = NEW.request_id AND kind = 'certificate' AND subject LIKE 'serial:%' AND NEW.result IS NOT NULL
  );
  RETURN NEW;
END
$$;

CREATE TRIGGER signature_names_replaced_serial BEFORE INSERT OR UPDATE ON signature
  FOR EACH ROW EXECUTE FUNCTION name_replaced_serial();

-- Those that stand already pass through the trigger.
UPDATE signature SET result = result;
