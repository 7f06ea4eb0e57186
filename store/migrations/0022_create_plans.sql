-- What a city has promised: plans with phases and targets, trainings, decisions on what documents leave open; what cities tell a province.
CREATE TABLE city.plan (
  code text COLLATE "C" PRIMARY KEY CHECK (code <> ''),
  area text COLLATE "C" NOT NULL REFERENCES city.area,
  label_zh text NOT NULL,
  label_en text NOT NULL,
  document text NOT NULL,
  first_day date NOT NULL,
  last_day date NOT NULL,
  loaded_at timestamptz NOT NULL DEFAULT now(),
  loaded_by text NOT NULL,
  CHECK (first_day <= last_day)
);
COMMENT ON COLUMN city.plan.code IS 'Name of a policy document, or of a table of targets that was imported';

CREATE TABLE city.plan_phase (
  plan text COLLATE "C" NOT NULL REFERENCES city.plan,
  number smallint NOT NULL,
  label_zh text NOT NULL,
  label_en text NOT NULL,
  first_day date NOT NULL,
  last_day date NOT NULL,
  clause text NOT NULL,
  PRIMARY KEY (plan, number),
  CHECK (first_day <= last_day)
);
COMMENT ON TABLE city.plan_phase IS 'Phases as they are printed; they may overlap';

CREATE TABLE city.target (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  plan text COLLATE "C" NOT NULL REFERENCES city.plan,
  code text COLLATE "C" NOT NULL,
  counter text NOT NULL CHECK (counter IN (
    'new_on_cloud', 'on_cloud', 'new_share', 'pilot', 'benchmark', 'pilot_or_benchmark', 'benchmark_case', 'stars_3', 'stars_4', 'stars_5', 'trainings',
    'trained', 'platform_provider', 'application_provider', 'experience_centre')),
  dimension text NOT NULL CHECK (dimension IN ('total', 'area', 'department', 'sector', 'level', 'form')),
  member text COLLATE "C" NOT NULL DEFAULT '',
  holders text[] NOT NULL DEFAULT '{}',
  first_day date NOT NULL,
  last_day date NOT NULL,
  bound text NOT NULL DEFAULT 'at_least' CHECK (bound IN ('at_least', 'more_than', 'range')),
  low numeric(14, 2) CHECK (low >= 0),
  high numeric(14, 2) CHECK (high >= low),
  every_year boolean NOT NULL DEFAULT false,
  role text NOT NULL DEFAULT '',
  document text NOT NULL,
  clause text NOT NULL,
  note_zh text NOT NULL DEFAULT '',
  note_en text NOT NULL DEFAULT '',
  UNIQUE (plan, code),
  CHECK (first_day <= last_day),
  CHECK ((bound = 'range') = (high IS NOT NULL)),
  CHECK ((dimension = 'total') = (member = ''))
);
COMMENT ON COLUMN city.target.low IS 'NULL: a row of the document without a number, so no target was issued; never 0';
COMMENT ON COLUMN city.target.member IS 'Of the dimension: code of an area, a sector, a level, a form; of departments those that hold it, joined by +';
COMMENT ON COLUMN city.target.holders IS 'Departments that answer for it; several hold it jointly, and it counts once';
COMMENT ON COLUMN city.target.every_year IS 'What is due in each year of the span';
COMMENT ON COLUMN city.target.role IS 'Tells apart what one document says twice, such as goal and allocation';

CREATE TABLE city.declared_figure (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  area text COLLATE "C" NOT NULL REFERENCES city.area,
  counter text NOT NULL CHECK (counter IN (
    'enterprise_base', 'benchmark_case', 'platform_provider', 'application_provider', 'experience_centre')),
  as_of date NOT NULL,
  value integer NOT NULL CHECK (value >= 0),
  document text NOT NULL CHECK (document <> ''),
  declared_by text NOT NULL,
  declared_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON city.declared_figure (area, counter, as_of DESC, id DESC);
COMMENT ON TABLE city.declared_figure IS 'Figures that no reading shows and somebody declares with a document; of one day the newest counts';

CREATE TABLE city.training (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  area text COLLATE "C" NOT NULL REFERENCES city.area,
  held_on date NOT NULL,
  title text NOT NULL CHECK (title <> ''),
  organisers text[] NOT NULL DEFAULT '{}',
  document text NOT NULL DEFAULT '',
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (area, held_on, title)
);
CREATE TABLE city.training_participant (
  training_id integer NOT NULL REFERENCES city.training,
  uscc text COLLATE "C" NOT NULL CHECK (uscc ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'),
  PRIMARY KEY (training_id, uscc)
);
CREATE INDEX ON city.training_participant (uscc);
COMMENT ON TABLE city.training_participant IS 'Enterprises that came; they need not be registered, for a training comes before the cloud';

CREATE TABLE city.pilot_step (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  label_id integer NOT NULL REFERENCES city.enterprise_label,
  step text NOT NULL CHECK (step IN ('progress', 'accepted', 'verified', 'refused')),
  note text NOT NULL CHECK (note <> ''),
  document text NOT NULL DEFAULT '',
  taken_at timestamptz NOT NULL DEFAULT now(),
  taken_by text NOT NULL
);
CREATE INDEX ON city.pilot_step (label_id, id);
COMMENT ON TABLE city.pilot_step IS 'What a pilot reports, the acceptance by its county with experts, and the verification by the city: by another person';

CREATE TABLE city.policy_decision (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  number smallint NOT NULL CHECK (number BETWEEN 1 AND 15),
  reading text NOT NULL,
  why text NOT NULL CHECK (why <> ''),
  decided_at timestamptz NOT NULL DEFAULT now(),
  decided_by text NOT NULL
);
CREATE INDEX ON city.policy_decision (number, id DESC);
COMMENT ON TABLE city.policy_decision IS 'How the city reads what documents leave open; the newest of a number holds, without one the default';

CREATE TABLE city.published_facts (
  area text COLLATE "C" NOT NULL REFERENCES city.area,
  day date NOT NULL,
  revision smallint NOT NULL CHECK (revision >= 1),
  snapshot_id integer NOT NULL,
  content bytea NOT NULL,
  published_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (area, day, revision)
);
COMMENT ON TABLE city.published_facts IS 'What this city has told its province, byte by byte; a correction is a further revision';
COMMENT ON COLUMN city.published_facts.snapshot_id IS 'No foreign key: counts by day are forgotten after some time, what was told is not';

CREATE TABLE city.province_city (
  city text COLLATE "C" PRIMARY KEY,
  label_zh text NOT NULL,
  label_en text NOT NULL,
  public_key bytea CHECK (octet_length(public_key) = 32)
);
COMMENT ON COLUMN city.province_city.public_key IS 'Once a file was taken with a key, all further ones must be signed with it';

CREATE TABLE city.province_file (
  city text COLLATE "C" NOT NULL REFERENCES city.province_city,
  day date NOT NULL,
  revision smallint NOT NULL CHECK (revision >= 1),
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  name text NOT NULL,
  is_signed boolean NOT NULL,
  rule_version text NOT NULL,
  machines integer NOT NULL,
  counted integer NOT NULL,
  enterprises integer NOT NULL,
  on_cloud integer NOT NULL,
  new_on_cloud integer NOT NULL,
  counted_at timestamptz NOT NULL,
  read_at timestamptz NOT NULL DEFAULT now(),
  read_by text NOT NULL,
  PRIMARY KEY (city, day, revision)
);
COMMENT ON TABLE city.province_file IS 'Facts of a day as a city has published them; the newest revision of a day counts';

CREATE TABLE city.province_area (
  city text COLLATE "C" NOT NULL,
  day date NOT NULL,
  revision smallint NOT NULL,
  area text COLLATE "C" NOT NULL,
  label_zh text NOT NULL,
  label_en text NOT NULL,
  enterprises integer NOT NULL CHECK (enterprises >= 0),
  on_cloud integer NOT NULL CHECK (on_cloud BETWEEN 0 AND enterprises),
  new_on_cloud integer NOT NULL CHECK (new_on_cloud BETWEEN 0 AND on_cloud),
  PRIMARY KEY (city, day, revision, area),
  FOREIGN KEY (city, day, revision) REFERENCES city.province_file
);
CREATE TABLE city.province_fact (
  city text COLLATE "C" NOT NULL,
  day date NOT NULL,
  revision smallint NOT NULL,
  area text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  state text NOT NULL,
  lost_at text NOT NULL,
  machines integer NOT NULL CHECK (machines > 0),
  PRIMARY KEY (city, day, revision, area, kind, state, lost_at),
  FOREIGN KEY (city, day, revision) REFERENCES city.province_file
);

CREATE FUNCTION city.refuse_change_of_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what was decided, published or read is never changed; a further row says what is new'
    USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON city.policy_decision
  FOR EACH STATEMENT EXECUTE FUNCTION city.refuse_change_of_record();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON city.pilot_step
  FOR EACH STATEMENT EXECUTE FUNCTION city.refuse_change_of_record();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON city.declared_figure
  FOR EACH STATEMENT EXECUTE FUNCTION city.refuse_change_of_record();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON city.published_facts
  FOR EACH STATEMENT EXECUTE FUNCTION city.refuse_change_of_record();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON city.province_file
  FOR EACH STATEMENT EXECUTE FUNCTION city.refuse_change_of_record();
