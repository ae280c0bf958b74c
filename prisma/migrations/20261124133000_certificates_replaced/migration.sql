-- Renewal (governance.md section 1, rule 9). The schema stays as it is: rights and invariants alone, written by hand.

GRANT UPDATE (replaced_by) ON certificate TO sumveil_api;

-- A serial is replaced once, by a certificate of the same connector, whatever the code does.
CREATE FUNCTION refuse_second_replacement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.replaced_by IS NOT NULL THEN
    RAISE EXCEPTION 'certificate % is replaced already', OLD.serial USING ERRCODE = 'check_violation';
  END IF;
  IF NOT EXISTS (
    SELECT FROM certificate
    WHERE serial = NEW.replaced_by AND serial <> OLD.serial AND connector_name = OLD.connector_name
  ) THEN
    RAISE EXCEPTION 'certificate % cannot be replaced by one of another connector', OLD.serial
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER certificate_replaced_once BEFORE UPDATE OF replaced_by ON certificate
  FOR EACH ROW EXECUTE FUNCTION refuse_second_replacement();

-- That a certificate was replaced is for the api to hand in, like that it was issued.
CREATE FUNCTION refuse_other_than_api() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT pg_has_role('sumveil_api', 'MEMBER') THEN
    RAISE EXCEPTION 'leaf % is not for % to hand in', NEW.key, current_user USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER audit_pending_renewal_by_api BEFORE INSERT ON audit_pending
  FOR EACH ROW WHEN (NEW.key LIKE '["connector.renewed",%') EXECUTE FUNCTION refuse_other_than_api();
