-- How far each level of readings reaches, and what of the rollups must be made anew.
CREATE TABLE store.level (
  name text PRIMARY KEY,
  kept_from timestamptz,
  done_until timestamptz
);
COMMENT ON TABLE store.level IS 'The rows themselves (raw), the rollups by minute (1m) and by hour (1h)';
COMMENT ON COLUMN store.level.kept_from IS 'Older rows may have been dropped, so nothing is computed from them any more';
COMMENT ON COLUMN store.level.done_until IS 'All buckets before are made; from here on a reader takes the level below';
INSERT INTO store.level (name) VALUES ('raw'), ('1m'), ('1h');

CREATE TABLE store.rollup_touched (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  level text NOT NULL,
  table_name text NOT NULL,
  equipment_id integer,
  span tstzrange NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 5000);
COMMENT ON TABLE store.rollup_touched IS 'Whole buckets into which rows have come since they were made; written in the transaction of the rows';
COMMENT ON COLUMN store.rollup_touched.equipment_id IS 'NULL: all machines of the table, as in the minute that is going on';

CREATE TABLE store.maintenance (
  task text PRIMARY KEY,
  ran_at timestamptz NOT NULL,
  result text NOT NULL
);
COMMENT ON TABLE store.maintenance IS 'What the workers do now and then, each task by one of them';

-- Rollups were views, and on TimescaleDB Community continuous aggregates; tables take their names.
DO $$
DECLARE
  old record;
BEGIN
  FOR old IN SELECT relname FROM pg_class
    WHERE relnamespace = 'reading'::regnamespace AND relkind = 'v' AND relname ~ '_1[mh]$'
  LOOP
    BEGIN
      EXECUTE format('DROP VIEW reading.%I', old.relname);
    EXCEPTION WHEN wrong_object_type OR feature_not_supported THEN
      EXECUTE format('DROP MATERIALIZED VIEW reading.%I', old.relname);
    END;
  END LOOP;
END
$$;
