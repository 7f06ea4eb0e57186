CREATE SCHEMA reading;

CREATE TABLE reading.equipment (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  gateway text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  first_seen timestamptz NOT NULL DEFAULT now(),
  UNIQUE (gateway, name)
);
COMMENT ON TABLE reading.equipment IS 'Every machine that has sent something, registered at first sight';
COMMENT ON COLUMN reading.equipment.kind IS 'Name of its table in this schema; empty until its first batch';

CREATE TABLE reading.latest (
  equipment_id integer PRIMARY KEY,
  time timestamptz NOT NULL,
  "values" jsonb NOT NULL,
  qualities jsonb NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
COMMENT ON TABLE reading.latest IS 'Newest value of each signal, at most a few seconds behind';
COMMENT ON COLUMN reading.latest.qualities IS 'Signals that are not good, with their quality code';
