-- Star rating: applications with what they declare, the steps that people took, reports that nobody changes, use of hosts.
CREATE TABLE city.star_application (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uscc text COLLATE "C" NOT NULL REFERENCES city.enterprise,
  edition text COLLATE "C" NOT NULL,
  star smallint NOT NULL CHECK (star BETWEEN 3 AND 5),
  deployment text NOT NULL CHECK (deployment IN ('public', 'private', 'hybrid')),
  batch text NOT NULL DEFAULT '',
  state text NOT NULL DEFAULT 'draft' CHECK (state IN (
    'draft', 'submitted', 'material_reviewed', 'recommended', 'rated', 'published', 'refused', 'withdrawn')),
  form jsonb NOT NULL,
  contents jsonb NOT NULL,
  figures jsonb NOT NULL,
  attachments jsonb NOT NULL,
  made_at timestamptz NOT NULL DEFAULT now(),
  made_by text NOT NULL,
  submitted_by text NOT NULL DEFAULT '',
  reviewed_by text NOT NULL DEFAULT '',
  decided_by text NOT NULL DEFAULT '',
  rated_on date,
  CHECK ((rated_on IS NOT NULL) = (state IN ('rated', 'published')))
);
CREATE UNIQUE INDEX star_application_open ON city.star_application (uscc, edition)
  WHERE state IN ('draft', 'submitted', 'material_reviewed', 'recommended');
CREATE INDEX ON city.star_application (state, id DESC);
COMMENT ON TABLE city.star_application IS 'Applications for stars; an enterprise has one open at a time in an edition of the rules';
COMMENT ON COLUMN city.star_application.batch IS 'The window in which it was submitted, as its first day; empty while it is a draft';
COMMENT ON COLUMN city.star_application.contents IS 'Item to {"text", "document"}: what is declared to be on the cloud';
COMMENT ON COLUMN city.star_application.figures IS 'Row to {"value", "document"}: what is declared of figures';
COMMENT ON COLUMN city.star_application.attachments IS 'List of {"code", "title"}: the papers that came with it';

CREATE TABLE city.star_step (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  application_id integer NOT NULL REFERENCES city.star_application,
  time timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL,
  state text NOT NULL,
  note text NOT NULL DEFAULT ''
);
CREATE INDEX ON city.star_step (application_id, id);
COMMENT ON TABLE city.star_step IS 'Who moved an application on; filed: the city told the province of its three stars';

CREATE TABLE city.star_report (
  application_id integer PRIMARY KEY REFERENCES city.star_application,
  month date NOT NULL,
  report jsonb NOT NULL,
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  made_at timestamptz NOT NULL DEFAULT now(),
  made_by text NOT NULL
);
COMMENT ON TABLE city.star_report IS 'Rating report as it was when the city rated or recommended; its hash is over canonical JSON';

CREATE FUNCTION city.refuse_change_of_star_report() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a rating report is never changed' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON city.star_report
  FOR EACH STATEMENT EXECUTE FUNCTION city.refuse_change_of_star_report();

CREATE TABLE city.star_window (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  edition text COLLATE "C" NOT NULL,
  first_day date NOT NULL,
  last_day date NOT NULL,
  document text NOT NULL CHECK (document <> ''),
  made_by text NOT NULL,
  made_at timestamptz NOT NULL DEFAULT now(),
  CHECK (first_day <= last_day)
);
COMMENT ON TABLE city.star_window IS 'Application windows that a later notice opens, beside those of the edition itself';

CREATE TABLE city.star_condition (
  edition text COLLATE "C" NOT NULL,
  code text COLLATE "C" NOT NULL,
  is_on boolean NOT NULL,
  document text NOT NULL CHECK (document <> ''),
  decided_by text NOT NULL,
  decided_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (edition, code)
);
COMMENT ON TABLE city.star_condition IS 'Conditions of an edition that the city has turned on or off, with the notice that says so';

CREATE TABLE city.star_veto (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uscc text COLLATE "C" NOT NULL REFERENCES city.enterprise,
  condition text COLLATE "C" NOT NULL,
  valid_from date NOT NULL,
  valid_to date,
  document text NOT NULL CHECK (document <> ''),
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  CHECK (valid_from <= valid_to)
);
CREATE INDEX ON city.star_veto (uscc);
COMMENT ON TABLE city.star_veto IS 'What rules an enterprise out for a time: lists of joint punishment, safety accidents';

CREATE TABLE city.host_use (
  uscc text COLLATE "C" NOT NULL REFERENCES city.enterprise,
  host text COLLATE "C" NOT NULL,
  start_time timestamptz NOT NULL,
  end_time timestamptz NOT NULL,
  is_shared boolean NOT NULL,
  cpu_percent numeric(6, 3) NOT NULL CHECK (cpu_percent BETWEEN 0 AND 100),
  received_bytes bigint NOT NULL CHECK (received_bytes >= 0),
  sent_bytes bigint NOT NULL CHECK (sent_bytes >= 0),
  bandwidth_bits_per_second bigint NOT NULL CHECK (bandwidth_bits_per_second > 0),
  document text NOT NULL CHECK (document <> ''),
  recorded_by text NOT NULL,
  PRIMARY KEY (uscc, host, start_time),
  CHECK (start_time < end_time)
);
COMMENT ON TABLE city.host_use IS 'Use of business hosts as their provider reports it; intervals of a host never overlap';
COMMENT ON COLUMN city.host_use.is_shared IS 'Enterprises share it, so that no share of it is an enterprise''s own';
