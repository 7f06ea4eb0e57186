-- The role by which Grafana reads: readings and alarms, nothing else. Run it as the owner of the tables, again after each
-- `shangyun db migrate` that makes a schema. It can be run any number of times.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'grafana_reader') THEN
    CREATE ROLE grafana_reader;
  END IF;
END
$$;
ALTER ROLE grafana_reader WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOINHERIT CONNECTION LIMIT 10;

-- Grafana sends whatever SQL a person types: these bound what it costs, the grants below bound what it reaches.
ALTER ROLE grafana_reader SET default_transaction_read_only = on;
ALTER ROLE grafana_reader SET statement_timeout = '30s';
ALTER ROLE grafana_reader SET lock_timeout = '2s';
ALTER ROLE grafana_reader SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE grafana_reader SET work_mem = '32MB';

GRANT USAGE ON SCHEMA reading, alarm TO grafana_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA reading, alarm TO grafana_reader;
-- Tables of kinds and partitions to come.
ALTER DEFAULT PRIVILEGES IN SCHEMA reading, alarm GRANT SELECT ON TABLES TO grafana_reader;
