-- How a city counts: facts of each machine and day, rules as data, suspicions that people decide, and snapshots that nobody changes.
CREATE TABLE city.point_set (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text COLLATE "C" NOT NULL,
  signals text[] NOT NULL,
  UNIQUE (kind, signals)
);
COMMENT ON TABLE city.point_set IS 'Required points of a kind, in the order of city.day_fact.point_hours';

CREATE SEQUENCE city.day_fact_number;
CREATE TABLE city.day_fact (
  equipment_id integer NOT NULL,
  day date NOT NULL,
  number bigint NOT NULL,
  point_set_id integer NOT NULL,
  hours smallint NOT NULL CHECK (hours BETWEEN 0 AND 25),
  point_hours smallint[] NOT NULL,
  PRIMARY KEY (equipment_id, day)
);
CREATE INDEX ON city.day_fact (day);
CREATE INDEX ON city.day_fact (number);
COMMENT ON TABLE city.day_fact IS 'What came of a machine on a day of its plant, from the rollups by hour; days without anything have no row';
COMMENT ON COLUMN city.day_fact.number IS 'Of the transaction that made it, in the order of commits: the highest that a count has seen is its watermark';
COMMENT ON COLUMN city.day_fact.hours IS 'Hours of the day in which anything came';
COMMENT ON COLUMN city.day_fact.point_hours IS 'Hours with a good value, by required point of the point set';

CREATE TABLE city.day_fact_superseded (
  equipment_id integer NOT NULL,
  day date NOT NULL,
  number bigint NOT NULL,
  point_set_id integer NOT NULL,
  hours smallint NOT NULL,
  point_hours smallint[] NOT NULL,
  superseded_by bigint NOT NULL,
  PRIMARY KEY (equipment_id, day, number)
);
COMMENT ON TABLE city.day_fact_superseded IS 'Facts that late readings have changed, so that an older watermark can still be counted';

CREATE TABLE city.fact_progress (
  time_zone text COLLATE "C" PRIMARY KEY,
  last_day date NOT NULL
);
COMMENT ON TABLE city.fact_progress IS 'Up to which day the facts of the plants of a time zone are made; without a row here nobody counts';

CREATE TABLE city.fact_due (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  equipment_id integer,
  span tstzrange NOT NULL
);
COMMENT ON TABLE city.fact_due IS 'Hours that were made anew, so that facts made of them are due again; NULL is every machine';

-- A note of the rollups goes when its hours are made. Those of single machines are late rows; those of all are the live ones, and
-- late only where the level was made beyond them before.
CREATE FUNCTION city.note_facts_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM city.fact_progress) THEN
    INSERT INTO city.fact_due (equipment_id, span)
    SELECT DISTINCT equipment_id, span FROM gone
    WHERE level = '1h'
      AND (equipment_id IS NOT NULL OR upper(span) <= (SELECT done_until FROM store.level WHERE name = '1h'));
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER facts_due AFTER DELETE ON store.rollup_touched REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION city.note_facts_due();
CREATE TRIGGER facts_due_of_shortened AFTER UPDATE ON store.rollup_touched REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION city.note_facts_due();

CREATE TABLE city.rule (
  version text COLLATE "C" PRIMARY KEY,
  parameters jsonb NOT NULL,
  document text NOT NULL,
  made_at timestamptz NOT NULL DEFAULT now(),
  made_by text NOT NULL
);
COMMENT ON TABLE city.rule IS 'Counting rules: every threshold is a parameter; a version is never changed, a new one is made';

CREATE TABLE city.suspicion (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  machine_id integer NOT NULL REFERENCES city.machine,
  method text NOT NULL CHECK (method IN (
    'flatlined', 'replayed_itself', 'replayed_another', 'too_smooth', 'impossible_physics', 'digits', 'copied_nameplate', 'clock',
    'simulator')),
  score double precision NOT NULL,
  threshold double precision NOT NULL,
  since timestamptz NOT NULL,
  until timestamptz NOT NULL,
  found_at timestamptz NOT NULL DEFAULT now(),
  other_machine_id integer REFERENCES city.machine,
  explanation jsonb NOT NULL,
  evidence jsonb NOT NULL,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'confirmed', 'cleared')),
  decided_at timestamptz,
  decided_by text,
  note text NOT NULL DEFAULT '',
  CHECK ((state = 'open') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX suspicion_open ON city.suspicion (machine_id, method) WHERE state = 'open';
CREATE INDEX ON city.suspicion (machine_id, found_at DESC);
COMMENT ON TABLE city.suspicion IS 'What speaks against the data of a machine; a person confirms or clears it';
COMMENT ON COLUMN city.suspicion.explanation IS 'Sentence by language: zh, en';
COMMENT ON COLUMN city.suspicion.evidence IS 'Pieces as in result.finding.evidence';

CREATE TABLE city.snapshot (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  form text NOT NULL CHECK (form IN ('day', 'month', 'quarter', 'year')),
  first_day date NOT NULL,
  last_day date NOT NULL,
  area text COLLATE "C" NOT NULL REFERENCES city.area,
  rule_version text COLLATE "C" NOT NULL REFERENCES city.rule,
  parameters jsonb NOT NULL,
  watermark bigint NOT NULL,
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  machines integer NOT NULL,
  counted integer NOT NULL,
  enterprises integer NOT NULL,
  on_cloud integer NOT NULL,
  new_on_cloud integer NOT NULL,
  made_at timestamptz NOT NULL DEFAULT now(),
  made_by text NOT NULL,
  replaces integer REFERENCES city.snapshot,
  why text NOT NULL DEFAULT '',
  CHECK (first_day <= last_day),
  CHECK ((replaces IS NULL) = (why = ''))
);
CREATE INDEX ON city.snapshot (area, form, last_day DESC, id DESC);
CREATE UNIQUE INDEX snapshot_first ON city.snapshot (area, form, last_day) WHERE replaces IS NULL AND form <> 'day';
CREATE UNIQUE INDEX snapshot_replaced_once ON city.snapshot (replaces) WHERE replaces IS NOT NULL;
COMMENT ON TABLE city.snapshot IS 'A count that is frozen with all that it was made of; a correction is a new one that names the one it replaces';
COMMENT ON COLUMN city.snapshot.form IS 'day: made by itself each day for the pages, and forgotten after some time';
COMMENT ON COLUMN city.snapshot.area IS 'The city (or province) that is counted, with all areas below it';

CREATE TABLE city.snapshot_machine (
  snapshot_id integer NOT NULL REFERENCES city.snapshot DEFERRABLE INITIALLY DEFERRED,
  machine_id integer NOT NULL,
  equipment_id integer,
  uscc text COLLATE "C" NOT NULL,
  area text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  state text NOT NULL CHECK (state IN ('registered', 'connected', 'reporting', 'verified', 'silent', 'retired')),
  lost_at text NOT NULL CHECK (lost_at IN (
    '', 'retired', 'identity', 'nameplate', 'gateway', 'data', 'completeness', 'continuity', 'authenticity', 'hold')),
  reason jsonb NOT NULL,
  inputs jsonb NOT NULL,
  first_day date,
  last_day date,
  data_days smallint NOT NULL,
  complete_days smallint NOT NULL,
  PRIMARY KEY (snapshot_id, machine_id)
);
CREATE INDEX ON city.snapshot_machine (snapshot_id, uscc);
COMMENT ON COLUMN city.snapshot_machine.lost_at IS 'The first test that it does not pass; empty: it counts';
COMMENT ON COLUMN city.snapshot_machine.reason IS 'What was found at that test: numbers and names that a sentence is made of';
COMMENT ON COLUMN city.snapshot_machine.inputs IS 'What the registry said of it when it was counted, beside its facts';

CREATE TABLE city.snapshot_enterprise (
  snapshot_id integer NOT NULL REFERENCES city.snapshot DEFERRABLE INITIALLY DEFERRED,
  uscc text COLLATE "C" NOT NULL,
  area text COLLATE "C" NOT NULL,
  department text COLLATE "C",
  sector text NOT NULL,
  machines integer NOT NULL,
  counted integer NOT NULL,
  declared integer,
  is_on_cloud boolean NOT NULL,
  is_new boolean NOT NULL,
  inputs jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (snapshot_id, uscc)
);
COMMENT ON COLUMN city.snapshot_enterprise.declared IS 'Key equipment that it has declared; NULL where it has declared nothing';
COMMENT ON COLUMN city.snapshot_enterprise.is_new IS 'On the cloud, and in no frozen count of an earlier period';
COMMENT ON COLUMN city.snapshot_enterprise.inputs IS 'What the registry said of it when it was counted';

CREATE FUNCTION city.areas_below(top text) RETURNS SETOF text LANGUAGE sql STABLE AS $$
  WITH RECURSIVE below AS (
    SELECT code FROM city.area WHERE code = top
    UNION
    SELECT a.code FROM city.area a JOIN below b ON a.parent = b.code
  )
  SELECT code FROM below
$$;
COMMENT ON FUNCTION city.areas_below IS 'An area with all those below it';

CREATE FUNCTION city.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a frozen count is never changed; make a new one that replaces it' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE FUNCTION city.refuse_change_of_snapshot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' OR OLD.form <> 'day' THEN
    RAISE EXCEPTION 'a frozen count is never changed; make a new one that replaces it' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN OLD;
END
$$;
CREATE FUNCTION city.refuse_change_of_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' OR (SELECT form FROM city.snapshot WHERE id = OLD.snapshot_id) <> 'day' THEN
    RAISE EXCEPTION 'a frozen count is never changed; make a new one that replaces it' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN OLD;
END
$$;
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON city.snapshot FOR EACH ROW EXECUTE FUNCTION city.refuse_change_of_snapshot();
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON city.snapshot_machine FOR EACH ROW EXECUTE FUNCTION city.refuse_change_of_row();
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON city.snapshot_enterprise FOR EACH ROW EXECUTE FUNCTION city.refuse_change_of_row();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON city.snapshot FOR EACH STATEMENT EXECUTE FUNCTION city.refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON city.snapshot_machine FOR EACH STATEMENT EXECUTE FUNCTION city.refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON city.snapshot_enterprise FOR EACH STATEMENT EXECUTE FUNCTION city.refuse_change();
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON city.rule FOR EACH ROW EXECUTE FUNCTION city.refuse_change();
