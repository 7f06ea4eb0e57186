-- What analytics have learned of each machine, and the proof of their work: a row for each machine, analytic and day.
CREATE TABLE result.model (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  analytic text NOT NULL,
  equipment_id integer NOT NULL REFERENCES reading.equipment,
  role text NOT NULL CHECK (role IN ('champion', 'challenger', 'retired')),
  trained_from timestamptz NOT NULL,
  trained_until timestamptz NOT NULL,
  made_at timestamptz NOT NULL,
  made_by text NOT NULL,
  model jsonb NOT NULL,
  CHECK (trained_from < trained_until)
);
CREATE UNIQUE INDEX model_in_use ON result.model (equipment_id, analytic, role) WHERE role <> 'retired';
COMMENT ON TABLE result.model IS 'How machines behave while healthy, as analytics have learned it';
COMMENT ON COLUMN result.model.role IS 'A champion judges, a challenger waits for a person to compare and accept it';
COMMENT ON COLUMN result.model.made_by IS 'A person, or worker for the first model of a machine';

-- A row for each run would grow faster than the readings by the hour.
DROP TABLE result.run;
CREATE TABLE result.run (
  equipment_id integer NOT NULL,
  analytic text NOT NULL,
  day date NOT NULL,
  evaluated integer NOT NULL,
  not_evaluated integer NOT NULL,
  failed integer NOT NULL,
  last_start timestamptz NOT NULL,
  last_end timestamptz NOT NULL,
  last_result text NOT NULL CHECK (last_result IN ('evaluated', 'not_evaluated', 'failed')),
  last_detail text NOT NULL,
  seconds double precision NOT NULL,
  PRIMARY KEY (equipment_id, analytic, day)
);
COMMENT ON TABLE result.run IS 'How often each analytic ran on which machine, by the day (UTC) in which its windows ended';
COMMENT ON COLUMN result.run.last_start IS 'The newest window of the day, as the other columns of that name';
COMMENT ON COLUMN result.run.last_detail IS 'Why it was not evaluated';
COMMENT ON COLUMN result.run.seconds IS 'Computing time of all runs of the day';

CREATE TABLE result.late_span (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  equipment_id integer NOT NULL,
  span tstzrange NOT NULL,
  noted_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE result.late_span IS 'Minutes that rows have come into after they were made: what analytics said of them is due again';
