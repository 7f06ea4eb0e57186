CREATE SCHEMA IF NOT EXISTS store;

CREATE TABLE store.migration (
  name text PRIMARY KEY,
  applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE store.migration IS 'Files of store/migrations that this database has had';
