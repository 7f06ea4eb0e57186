-- What makes delivery exactly once. All three are small and change all the time, hence the eager autovacuum.
CREATE SCHEMA ingest;

CREATE TABLE ingest.ledger (
  gateway text COLLATE "C" NOT NULL,
  epoch bigint NOT NULL,
  seq bigint NOT NULL,
  PRIMARY KEY (gateway, epoch, seq)
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 10000, autovacuum_analyze_scale_factor = 0.5);
COMMENT ON TABLE ingest.ledger IS 'Bundles that are committed and not yet below the floor; inserted in the same transaction as their rows';

CREATE TABLE ingest.floor (
  gateway text COLLATE "C" NOT NULL,
  epoch bigint NOT NULL,
  floor bigint NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (gateway, epoch)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1);
COMMENT ON TABLE ingest.floor IS 'Every bundle of this epoch below the floor is committed and receipted; its ledger row is purged';

CREATE TABLE ingest.dead_letter (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  received_at timestamptz NOT NULL DEFAULT now(),
  topic text NOT NULL,
  gateway text,
  epoch bigint,
  seq bigint,
  reason text NOT NULL,
  detail text NOT NULL,
  payload bytea NOT NULL,
  digest bytea NOT NULL,
  copies integer NOT NULL DEFAULT 1,
  UNIQUE (topic, digest)
);
CREATE INDEX ON ingest.dead_letter (reason, id);
COMMENT ON TABLE ingest.dead_letter IS 'Messages that could not be stored, whole; `shangyun ingest replay` tries them again';
COMMENT ON COLUMN ingest.dead_letter.copies IS 'How often the same bytes came: what cannot be receipted is sent again';
