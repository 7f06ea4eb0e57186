-- Projects that bring an enterprise's systems and machines to the cloud: what was planned, tested, decided, and what came of it.
CREATE TABLE city.project (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uscc text COLLATE "C" NOT NULL REFERENCES city.enterprise,
  title text NOT NULL CHECK (title <> ''),
  template text NOT NULL,
  provider text NOT NULL DEFAULT '',
  state text NOT NULL DEFAULT 'preparing' CHECK (state IN (
    'preparing', 'cutting_over', 'running', 'rolled_back', 'accepted', 'verified')),
  cut_over_at timestamptz,
  accepted_by text,
  verified_by text,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  CHECK (accepted_by IS DISTINCT FROM verified_by OR accepted_by IS NULL),
  CHECK (state NOT IN ('running', 'accepted', 'verified') OR cut_over_at IS NOT NULL),
  CHECK ((state IN ('accepted', 'verified')) = (accepted_by IS NOT NULL)),
  CHECK ((state = 'verified') = (verified_by IS NOT NULL))
);
CREATE INDEX ON city.project (uscc);
COMMENT ON TABLE city.project IS 'One migration to the cloud; the county accepts it, somebody else at the city verifies it';
COMMENT ON COLUMN city.project.template IS 'Checklist that it follows: a file of registry.projects';

CREATE TABLE city.project_item (
  project_id integer NOT NULL REFERENCES city.project,
  code text COLLATE "C" NOT NULL,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'in_progress', 'done', 'not_needed')),
  owner text NOT NULL DEFAULT '',
  due_on date,
  done_on date,
  note text NOT NULL DEFAULT '',
  PRIMARY KEY (project_id, code),
  CHECK ((state = 'done') = (done_on IS NOT NULL)),
  CHECK (state <> 'not_needed' OR note <> '')
);
COMMENT ON TABLE city.project_item IS 'How each item of the checklist stands; what the items say is in the template';

CREATE TABLE city.project_scope (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id integer NOT NULL REFERENCES city.project,
  name text NOT NULL CHECK (name <> ''),
  machine_id integer REFERENCES city.machine,
  strategy text NOT NULL CHECK (strategy IN ('direct', 'after_rework', 'rebuild_as_service', 'stay')),
  dependence text NOT NULL CHECK (dependence IN ('continuous', 'interruptible', 'deferrable')),
  longest_interruption_minutes integer CHECK (longest_interruption_minutes >= 0),
  recorded_at timestamptz NOT NULL DEFAULT now(),
  recorded_by text NOT NULL,
  UNIQUE (project_id, name)
);
CREATE INDEX ON city.project_scope (machine_id) WHERE machine_id IS NOT NULL;
COMMENT ON TABLE city.project_scope IS 'Information systems and machines that a project is about, each with the way that it takes';
COMMENT ON COLUMN city.project_scope.dependence IS 'continuous: business needs it 7 x 24 hours; deferrable: business does not depend on it';

CREATE TABLE city.project_document (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id integer NOT NULL REFERENCES city.project,
  kind text NOT NULL,
  item_code text COLLATE "C" NOT NULL DEFAULT '',
  title text NOT NULL CHECK (title <> ''),
  reference text NOT NULL CHECK (reference <> ''),
  added_at timestamptz NOT NULL DEFAULT now(),
  added_by text NOT NULL,
  withdrawn_at timestamptz,
  withdrawn_by text,
  CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL))
);
CREATE INDEX ON city.project_document (project_id);
COMMENT ON COLUMN city.project_document.reference IS 'Where the document is: number in the archive, address, or SHA-256 of the file';

CREATE TABLE city.project_test (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id integer NOT NULL REFERENCES city.project,
  stage text NOT NULL CHECK (stage IN ('rehearsal', 'after_cut_over')),
  type text NOT NULL,
  performed_on date NOT NULL,
  passed boolean NOT NULL,
  document text NOT NULL DEFAULT '',
  note text NOT NULL DEFAULT '',
  recorded_at timestamptz NOT NULL DEFAULT now(),
  recorded_by text NOT NULL
);
CREATE INDEX ON city.project_test (project_id);
COMMENT ON TABLE city.project_test IS 'Tests with their results; of each type the newest one counts, the others stay';

CREATE TABLE city.project_drill (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id integer NOT NULL REFERENCES city.project,
  form text NOT NULL CHECK (form IN ('simulated_migration', 'rollback', 'restore', 'incident')),
  performed_on date NOT NULL,
  succeeded boolean NOT NULL,
  rollback_minutes numeric(8,1) CHECK (rollback_minutes >= 0),
  document text NOT NULL DEFAULT '',
  note text NOT NULL DEFAULT '',
  recorded_at timestamptz NOT NULL DEFAULT now(),
  recorded_by text NOT NULL,
  CHECK (form <> 'rollback' OR rollback_minutes IS NOT NULL)
);
CREATE INDEX ON city.project_drill (project_id);

CREATE TABLE city.project_declared (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id integer NOT NULL REFERENCES city.project,
  category text NOT NULL CHECK (category IN (
    'resource_scale', 'resource_use', 'business_efficiency', 'economic', 'social')),
  name text NOT NULL CHECK (name <> ''),
  value numeric(18,4) NOT NULL,
  unit text NOT NULL,
  document text NOT NULL CHECK (document <> ''),
  recorded_at timestamptz NOT NULL DEFAULT now(),
  recorded_by text NOT NULL
);
CREATE INDEX ON city.project_declared (project_id);
COMMENT ON TABLE city.project_declared IS 'Effects that nobody measures: what the enterprise says, with the document that it says it in';

CREATE TABLE city.duty_evidence (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id integer NOT NULL REFERENCES city.project,
  duty text NOT NULL,
  answer text NOT NULL CHECK (answer IN ('met', 'partly', 'not_met', 'not_applicable')),
  document text NOT NULL DEFAULT '',
  note text NOT NULL DEFAULT '',
  recorded_at timestamptz NOT NULL DEFAULT now(),
  recorded_by text NOT NULL,
  CHECK (answer <> 'met' OR document <> '')
);
CREATE INDEX ON city.duty_evidence (project_id, duty, id);
COMMENT ON TABLE city.duty_evidence IS 'Answers to the security questionnaire and the duties; the newest of each counts';

CREATE TABLE city.service_agreement (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id integer NOT NULL REFERENCES city.project,
  provider text NOT NULL CHECK (provider <> ''),
  target_percent numeric(7,4) NOT NULL CHECK (target_percent > 0 AND target_percent <= 100),
  tiers jsonb NOT NULL,
  monthly_fee_cny numeric(14,2) NOT NULL CHECK (monthly_fee_cny >= 0),
  valid_from date NOT NULL,
  valid_to date,
  document text NOT NULL CHECK (document <> ''),
  recorded_at timestamptz NOT NULL DEFAULT now(),
  recorded_by text NOT NULL,
  CHECK (valid_from <= valid_to)
);
CREATE INDEX ON city.service_agreement (project_id);
COMMENT ON COLUMN city.service_agreement.tiers IS 'List of [availability in percent below which, credit in percent of the fee of the month]';

CREATE TABLE city.agreed_maintenance (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  agreement_id integer NOT NULL REFERENCES city.service_agreement,
  start_time timestamptz NOT NULL,
  end_time timestamptz NOT NULL,
  reason text NOT NULL CHECK (reason <> ''),
  recorded_at timestamptz NOT NULL DEFAULT now(),
  recorded_by text NOT NULL,
  CHECK (start_time < end_time)
);
CREATE INDEX ON city.agreed_maintenance (agreement_id, start_time);

CREATE TABLE city.credit_note (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  agreement_id integer NOT NULL REFERENCES city.service_agreement,
  month date NOT NULL CHECK (extract(day FROM month) = 1),
  credit_cny numeric(14,2) NOT NULL,
  content jsonb NOT NULL,
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  frozen_at timestamptz NOT NULL DEFAULT now(),
  frozen_by text NOT NULL,
  UNIQUE (agreement_id, month)
);
COMMENT ON TABLE city.credit_note IS 'A month of a service, frozen with the minutes that were bad: never changed';
COMMENT ON COLUMN city.credit_note.hash IS 'SHA-256 of the content in canonical form: sorted keys, no blanks';

CREATE TABLE city.project_event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id integer NOT NULL REFERENCES city.project,
  time timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor text NOT NULL,
  act text NOT NULL,
  detail jsonb NOT NULL
);
CREATE INDEX ON city.project_event (project_id, id);
COMMENT ON TABLE city.project_event IS 'All that was done in a project; rows are only added';

CREATE FUNCTION city.refuse_change_of_project_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'records of a project are never changed; add a new one' USING ERRCODE = 'insufficient_privilege';
END
$$;
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['project_event', 'project_test', 'project_drill', 'project_declared', 'duty_evidence', 'credit_note',
    'service_agreement', 'agreed_maintenance']
  LOOP
    EXECUTE format('CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON city.%I
      FOR EACH STATEMENT EXECUTE FUNCTION city.refuse_change_of_project_record()', name);
  END LOOP;
END
$$;
