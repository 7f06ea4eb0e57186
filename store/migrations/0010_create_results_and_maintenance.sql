-- What analytics find, what people say about it, and what they do to the machines.
CREATE SCHEMA result;

CREATE TABLE result.kpi (
  equipment_id integer NOT NULL,
  name text NOT NULL,
  start_time timestamptz NOT NULL,
  end_time timestamptz NOT NULL,
  value double precision,
  unit text NOT NULL,
  uncertainty double precision,
  validity text NOT NULL CHECK (validity IN ('valid', 'doubtful', 'not_evaluated')),
  reason text NOT NULL DEFAULT '',
  analytic text NOT NULL,
  PRIMARY KEY (equipment_id, name, start_time, end_time),
  CHECK (start_time < end_time),
  CHECK ((validity = 'not_evaluated') = (value IS NULL)),
  CHECK (validity <> 'not_evaluated' OR reason <> '')
);
COMMENT ON TABLE result.kpi IS 'Figures of a machine over a period; one that could not be evaluated says why and has no value';
COMMENT ON COLUMN result.kpi.uncertainty IS 'Half width of the 95 % interval, in the unit of the value';
COMMENT ON COLUMN result.kpi.analytic IS 'Who computed it';

CREATE TABLE result.finding (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  equipment_id integer NOT NULL REFERENCES reading.equipment,
  analytic text NOT NULL,
  code text NOT NULL,
  part text NOT NULL DEFAULT '',
  title jsonb NOT NULL,
  severity text NOT NULL CHECK (severity IN ('critical', 'high', 'medium', 'low')),
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'acknowledged', 'confirmed', 'rejected', 'closed')),
  since timestamptz NOT NULL,
  until timestamptz,
  seen_at timestamptz NOT NULL,
  confidence double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
  advice jsonb NOT NULL,
  evidence jsonb NOT NULL,
  effect jsonb NOT NULL,
  source text NOT NULL
);
CREATE UNIQUE INDEX finding_going_on ON result.finding (equipment_id, analytic, code, part) WHERE until IS NULL AND state <> 'closed';
CREATE INDEX ON result.finding (equipment_id, since DESC);
CREATE INDEX finding_not_closed ON result.finding (since DESC) WHERE state <> 'closed';
COMMENT ON TABLE result.finding IS 'What an analytic has found wrong with a machine; while it goes on, each run brings the same row up to date';
COMMENT ON COLUMN result.finding.part IS 'Part of the machine: string 7, cylinder 3; empty for the whole';
COMMENT ON COLUMN result.finding.title IS 'Text by language: zh, en; as of advice';
COMMENT ON COLUMN result.finding.until IS 'When it was over; NULL while it goes on';
COMMENT ON COLUMN result.finding.seen_at IS 'End of the newest window in which it was seen';
COMMENT ON COLUMN result.finding.evidence IS 'List of pictures and tables: {"form": "series" | "table" | "spectrum", ...}';
COMMENT ON COLUMN result.finding.effect IS 'What it costs where that can be computed: energy and money, each [value, unit] a year';
COMMENT ON COLUMN result.finding.source IS 'Standard or publication of the method';

CREATE TABLE result.finding_verdict (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  finding_id integer NOT NULL REFERENCES result.finding,
  time timestamptz NOT NULL,
  actor text NOT NULL,
  state_before text NOT NULL,
  state_after text NOT NULL,
  note text NOT NULL
);
CREATE INDEX ON result.finding_verdict (finding_id, time);
COMMENT ON TABLE result.finding_verdict IS 'What people said about findings: labels to judge analytics by';

CREATE TABLE result.run (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  analytic text NOT NULL,
  equipment_id integer NOT NULL,
  start_time timestamptz NOT NULL,
  end_time timestamptz NOT NULL,
  result text NOT NULL CHECK (result IN ('evaluated', 'not_evaluated', 'failed')),
  detail text NOT NULL DEFAULT '',
  seconds double precision NOT NULL
);
CREATE INDEX ON result.run (equipment_id, analytic, end_time DESC);
COMMENT ON TABLE result.run IS 'Which analytic ran on which machine over which window';

CREATE SCHEMA IF NOT EXISTS plant;

CREATE TABLE plant.nameplate (
  equipment_id integer PRIMARY KEY REFERENCES reading.equipment,
  maker text NOT NULL,
  model text NOT NULL,
  serial_number text NOT NULL,
  made_year smallint,
  commissioned_on date,
  rated jsonb NOT NULL,
  location text NOT NULL,
  area text NOT NULL,
  responsible text NOT NULL,
  documents jsonb NOT NULL
);
COMMENT ON TABLE plant.nameplate IS 'What stands on a machine, where it stands, and who looks after it';
COMMENT ON COLUMN plant.nameplate.rated IS 'Rated values: name to [value, unit]';
COMMENT ON COLUMN plant.nameplate.documents IS 'List of {"title", "address"}';

CREATE TABLE plant.work_order (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  equipment_id integer NOT NULL REFERENCES reading.equipment,
  title text NOT NULL,
  text text NOT NULL,
  priority text NOT NULL CHECK (priority IN ('critical', 'high', 'medium', 'low')),
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'in_progress', 'done', 'cancelled')),
  opened_at timestamptz NOT NULL,
  opened_by text NOT NULL,
  assigned_to text NOT NULL,
  due_on date,
  closed_at timestamptz,
  closed_by text NOT NULL DEFAULT '',
  found text NOT NULL DEFAULT '',
  finding_id integer REFERENCES result.finding,
  condition_id bigint,
  CHECK ((closed_at IS NULL) = (state IN ('open', 'in_progress')))
);
CREATE INDEX ON plant.work_order (equipment_id, opened_at DESC);
CREATE INDEX work_order_standing ON plant.work_order (opened_at DESC) WHERE closed_at IS NULL;
COMMENT ON TABLE plant.work_order IS 'What is to be done to a machine, by whom and until when';
COMMENT ON COLUMN plant.work_order.found IS 'What was found and done, or why nothing was';
COMMENT ON COLUMN plant.work_order.condition_id IS 'The alarm that it was opened for';

CREATE TABLE plant.work_order_change (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  work_order_id integer NOT NULL REFERENCES plant.work_order,
  time timestamptz NOT NULL,
  actor text NOT NULL,
  state text NOT NULL,
  assigned_to text NOT NULL,
  note text NOT NULL
);
CREATE INDEX ON plant.work_order_change (work_order_id, time);
COMMENT ON TABLE plant.work_order_change IS 'Who changed a work order when, and how it stood after that';

CREATE TABLE plant.maintenance_entry (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  equipment_id integer NOT NULL REFERENCES reading.equipment,
  time timestamptz NOT NULL,
  work text NOT NULL CHECK (work IN ('inspection', 'service', 'cleaning', 'calibration', 'repair', 'replacement', 'other')),
  text text NOT NULL,
  hours double precision,
  cost double precision,
  author text NOT NULL,
  work_order_id integer REFERENCES plant.work_order
);
CREATE INDEX ON plant.maintenance_entry (equipment_id, time DESC);
COMMENT ON TABLE plant.maintenance_entry IS 'What was done to a machine';
COMMENT ON COLUMN plant.maintenance_entry.cost IS 'In the currency of the plant';
