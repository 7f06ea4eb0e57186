-- Vouchers for cloud services: policies as data, providers, the vouchers with what was done to them, and the counties' budgets.
CREATE TABLE city.voucher_policy (
  version text COLLATE "C" PRIMARY KEY,
  document text NOT NULL,
  area text COLLATE "C" NOT NULL,
  valid_from date NOT NULL,
  valid_to date NOT NULL,
  parameters jsonb NOT NULL,
  made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  made_by text NOT NULL,
  CHECK (valid_from <= valid_to)
);
COMMENT ON TABLE city.voucher_policy IS 'Rates, caps and windows as a document states them; a version is never changed, a new one is made';
COMMENT ON COLUMN city.voucher_policy.area IS 'The city it holds for, with all areas below';

CREATE TABLE city.voucher_provider (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uscc text COLLATE "C" NOT NULL UNIQUE CHECK (uscc ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'),
  name text NOT NULL CHECK (name <> ''),
  class text NOT NULL CHECK (class IN ('general_platform', 'industry_platform', 'application')),
  state text NOT NULL DEFAULT 'applied' CHECK (state IN ('applied', 'listed', 'suspended', 'struck_off')),
  services text[] NOT NULL DEFAULT '{}',
  document text NOT NULL DEFAULT '',
  registered_at timestamptz NOT NULL DEFAULT now(),
  registered_by text NOT NULL
);
COMMENT ON TABLE city.voucher_provider IS 'Providers of cloud services; only those that are listed sell for vouchers';
COMMENT ON COLUMN city.voucher_provider.state IS 'struck_off: found cheating, on the negative list; there is no way back';
COMMENT ON COLUMN city.voucher_provider.services IS 'Codes of the catalogue of services';

CREATE TABLE city.voucher_batch (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  area text COLLATE "C" NOT NULL REFERENCES city.area,
  year smallint NOT NULL CHECK (year BETWEEN 2000 AND 2100),
  half smallint NOT NULL CHECK (half IN (1, 2)),
  published_on date,
  last_day date,
  published_by text,
  UNIQUE (area, year, half),
  CHECK ((published_on IS NULL) = (last_day IS NULL) AND (published_on IS NULL) = (published_by IS NULL)),
  CHECK (published_on < last_day)
);
COMMENT ON TABLE city.voucher_batch IS 'What a county redeems for a half-year; closed to more vouchers once it is published';
COMMENT ON COLUMN city.voucher_batch.last_day IS 'The last working day of the publicity; paid from the day after';

CREATE SEQUENCE city.voucher_queue;
CREATE TABLE city.voucher (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uscc text COLLATE "C" NOT NULL REFERENCES city.enterprise,
  area text COLLATE "C" NOT NULL REFERENCES city.area,
  state text NOT NULL DEFAULT 'draft' CHECK (state IN (
    'draft', 'member', 'contracted', 'issued', 'in_service', 'redemption_requested', 'evaluated', 'county_reviewed', 'publicised',
    'paid', 'terminated', 'cancelled', 'disqualified')),
  registered_at timestamptz NOT NULL DEFAULT now(),
  registered_by text NOT NULL,
  queue_number bigint UNIQUE,
  queued_at timestamptz,
  provider_id integer REFERENCES city.voucher_provider,
  services text[] NOT NULL DEFAULT '{}',
  contract text NOT NULL DEFAULT '',
  contract_date date,
  list_price numeric(14,2),
  fee numeric(14,2) CHECK (fee > 0),
  number text COLLATE "C" UNIQUE,
  policy text COLLATE "C" REFERENCES city.voucher_policy,
  year smallint,
  issued_on date,
  rate numeric,
  cap numeric(14,2),
  is_certified boolean,
  amount numeric(14,2) CHECK (amount > 0),
  service_from date,
  service_to date,
  batch_id integer REFERENCES city.voucher_batch,
  evaluation_passed boolean,
  redeemed numeric(14,2) CHECK (redeemed >= 0),
  reviewed_by text,
  paid_on date,
  paid_by text,
  CHECK (fee <= list_price),
  CHECK (amount <= fee AND amount <= cap),
  CHECK (redeemed <= amount),
  CHECK (service_from <= service_to),
  CHECK ((queue_number IS NULL) = (queued_at IS NULL)),
  CHECK (queue_number IS NULL OR (provider_id IS NOT NULL AND fee IS NOT NULL AND list_price IS NOT NULL)),
  CHECK (state IN ('draft', 'member', 'cancelled', 'disqualified') OR queue_number IS NOT NULL),
  CHECK (state IN ('draft', 'member', 'contracted', 'cancelled', 'disqualified') OR amount IS NOT NULL),
  CHECK (state NOT IN ('redemption_requested', 'evaluated', 'county_reviewed', 'publicised', 'paid') OR batch_id IS NOT NULL),
  CHECK (paid_by <> reviewed_by)
);
-- One enterprise enjoys it once, over all years: only what was given back unused leaves room for another.
CREATE UNIQUE INDEX voucher_once ON city.voucher (uscc) WHERE state <> 'cancelled';
CREATE INDEX voucher_waiting ON city.voucher (area, queue_number) WHERE state = 'contracted';
CREATE INDEX ON city.voucher (area, state);
CREATE INDEX ON city.voucher (batch_id) WHERE batch_id IS NOT NULL;
COMMENT ON TABLE city.voucher IS 'One application with its voucher; bound to the enterprise for ever';
COMMENT ON COLUMN city.voucher.area IS 'The county whose budget it is paid from: where the enterprise was when it applied';
COMMENT ON COLUMN city.voucher.queue_number IS 'Place in the queue, drawn while the county''s budget is locked: who comes first is served first';
COMMENT ON COLUMN city.voucher.fee IS 'What the enterprise owes by contract before the voucher; list_price less the provider''s discount';
COMMENT ON COLUMN city.voucher.year IS 'Of issue: its rate, and its budget';
COMMENT ON COLUMN city.voucher.redeemed IS 'What is paid out: the amount less all deductions';

CREATE TABLE city.voucher_deduction (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  voucher_id integer NOT NULL REFERENCES city.voucher,
  reason text NOT NULL CHECK (reason IN ('quality', 'certificate_ended', 'lower_fee')),
  amount numeric(14,2) NOT NULL CHECK (amount > 0),
  note text NOT NULL,
  time timestamptz NOT NULL,
  actor text NOT NULL
);
CREATE INDEX ON city.voucher_deduction (voucher_id);

CREATE TABLE city.voucher_step (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  voucher_id integer NOT NULL REFERENCES city.voucher,
  time timestamptz NOT NULL,
  actor text NOT NULL,
  step text NOT NULL,
  state text NOT NULL,
  note text NOT NULL DEFAULT '',
  detail jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX ON city.voucher_step (voucher_id, id);
COMMENT ON TABLE city.voucher_step IS 'What was done to each voucher, by whom, and the state after it';

CREATE TABLE city.voucher_budget (
  area text COLLATE "C" NOT NULL REFERENCES city.area,
  year smallint NOT NULL CHECK (year BETWEEN 2000 AND 2100),
  granted numeric(14,2) NOT NULL DEFAULT 0 CHECK (granted >= 0),
  reserved numeric(14,2) NOT NULL DEFAULT 0 CHECK (reserved >= 0),
  paid numeric(14,2) NOT NULL DEFAULT 0 CHECK (paid >= 0),
  PRIMARY KEY (area, year),
  CONSTRAINT budget_not_exceeded CHECK (reserved + paid <= granted)
);
COMMENT ON TABLE city.voucher_budget IS 'Sums of the ledger by county and year; their row is the lock under which money is given away';

CREATE TABLE city.voucher_budget_entry (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  area text COLLATE "C" NOT NULL,
  year smallint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('grant', 'reservation', 'release', 'payment')),
  amount numeric(14,2) NOT NULL,
  voucher_id integer REFERENCES city.voucher,
  time timestamptz NOT NULL,
  actor text NOT NULL,
  note text NOT NULL DEFAULT '',
  FOREIGN KEY (area, year) REFERENCES city.voucher_budget,
  CHECK ((kind = 'grant') = (voucher_id IS NULL)),
  CHECK (CASE WHEN kind = 'grant' THEN amount <> 0 AND note <> '' ELSE amount > 0 END)
);
CREATE INDEX ON city.voucher_budget_entry (area, year, id);
CREATE UNIQUE INDEX voucher_entry_once ON city.voucher_budget_entry (voucher_id, kind) WHERE voucher_id IS NOT NULL;
COMMENT ON TABLE city.voucher_budget_entry IS 'The ledger: money granted to a county (less: a cut), held for a voucher, set free, paid out';

CREATE FUNCTION city.book_voucher_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  held numeric;
BEGIN
  -- First the lock, then what others have booked.
  PERFORM FROM city.voucher_budget WHERE area = NEW.area AND year = NEW.year FOR UPDATE;
  IF NEW.kind IN ('release', 'payment') THEN
    SELECT sum(CASE kind WHEN 'reservation' THEN amount ELSE -amount END) INTO held
    FROM city.voucher_budget_entry WHERE voucher_id = NEW.voucher_id AND area = NEW.area AND year = NEW.year;
    IF coalesce(held, 0) < NEW.amount THEN
      RAISE EXCEPTION 'voucher %: % is more than is held for it', NEW.voucher_id, NEW.amount USING ERRCODE = 'check_violation';
    END IF;
  END IF;
  UPDATE city.voucher_budget SET
    granted = granted + CASE NEW.kind WHEN 'grant' THEN NEW.amount ELSE 0 END,
    reserved = reserved + CASE NEW.kind WHEN 'reservation' THEN NEW.amount WHEN 'grant' THEN 0 ELSE -NEW.amount END,
    paid = paid + CASE NEW.kind WHEN 'payment' THEN NEW.amount ELSE 0 END
  WHERE area = NEW.area AND year = NEW.year;
  RETURN NEW;
END
$$;
CREATE TRIGGER book BEFORE INSERT ON city.voucher_budget_entry FOR EACH ROW EXECUTE FUNCTION city.book_voucher_entry();

CREATE FUNCTION city.refuse_change_of_voucher_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what is recorded of vouchers and their budgets is never changed' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON city.voucher_budget_entry
  FOR EACH STATEMENT EXECUTE FUNCTION city.refuse_change_of_voucher_record();
CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON city.voucher_step
  FOR EACH STATEMENT EXECUTE FUNCTION city.refuse_change_of_voucher_record();
CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON city.voucher_policy
  FOR EACH STATEMENT EXECUTE FUNCTION city.refuse_change_of_voucher_record();
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON city.voucher
  FOR EACH STATEMENT EXECUTE FUNCTION city.refuse_change_of_voucher_record();

CREATE FUNCTION city.guard_voucher() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.uscc <> OLD.uscc THEN
    RAISE EXCEPTION 'voucher %: a voucher is never handed to another enterprise', OLD.id USING ERRCODE = 'check_violation';
  END IF;
  IF OLD.state IN ('terminated', 'cancelled', 'disqualified') THEN
    RAISE EXCEPTION 'voucher %: % is an end', OLD.id, OLD.state USING ERRCODE = 'check_violation';
  END IF;
  IF OLD.state = 'paid' AND NEW.state NOT IN ('paid', 'disqualified') THEN
    RAISE EXCEPTION 'voucher %: it is paid', OLD.id USING ERRCODE = 'check_violation';
  END IF;
  IF OLD.amount IS NOT NULL AND (OLD.amount, OLD.area, OLD.year, OLD.number) IS DISTINCT FROM (NEW.amount, NEW.area, NEW.year, NEW.number)
  THEN
    RAISE EXCEPTION 'voucher %: it is issued', OLD.id USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER guard BEFORE UPDATE ON city.voucher FOR EACH ROW EXECUTE FUNCTION city.guard_voucher();

CREATE FUNCTION city.guard_provider() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.uscc <> OLD.uscc OR (OLD.state = 'struck_off' AND NEW.state <> 'struck_off') THEN
    RAISE EXCEPTION 'provider %: it is struck off, or another', OLD.id USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER guard BEFORE UPDATE ON city.voucher_provider FOR EACH ROW EXECUTE FUNCTION city.guard_provider();
