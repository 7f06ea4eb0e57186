-- Foreign sources know no floor, so their ledger rows are purged by age. NULL for our own gateways, and then it costs no byte:
-- the bitmap of NULLs fits into the row's header. The index holds the foreign rows alone.
ALTER TABLE ingest.ledger ADD COLUMN entered_at timestamptz;
CREATE INDEX ON ingest.ledger (entered_at) WHERE entered_at IS NOT NULL;
COMMENT ON COLUMN ingest.ledger.entered_at IS 'When a message in plain JSON or Sparkplug was stored; NULL for all others';
