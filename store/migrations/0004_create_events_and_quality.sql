CREATE TABLE reading.event (
  time timestamptz NOT NULL,
  equipment_id integer NOT NULL,
  signal text NOT NULL,
  text text NOT NULL
);
CREATE INDEX ON reading.event (equipment_id, time DESC);
CREATE INDEX ON reading.event (time DESC);
COMMENT ON TABLE reading.event IS 'Values of text signals: programs, jobs, messages';

CREATE TABLE reading.quality_interval (
  equipment_id integer NOT NULL,
  signals text[] NOT NULL,
  quality smallint NOT NULL,
  start_time timestamptz NOT NULL,
  end_time timestamptz NOT NULL,
  CHECK (start_time <= end_time)
) WITH (fillfactor = 50);
CREATE INDEX ON reading.quality_interval (equipment_id, start_time DESC);
COMMENT ON TABLE reading.quality_interval IS
  'Why values are NULL (quality 128 and more) or doubtful (64 to 127): from the first to the last such sample, both included';
COMMENT ON COLUMN reading.quality_interval.quality IS 'OPC UA severity and reason, telemetry/quality.py';

-- Signals outside any profile, one value per row.
CREATE TABLE reading.other_signal (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE
);
