CREATE TABLE store.pending_signal (
  gateway text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  signal text COLLATE "C" NOT NULL,
  first_seen timestamptz NOT NULL DEFAULT now(),
  last_seen timestamptz NOT NULL DEFAULT now(),
  adopted_at timestamptz,
  PRIMARY KEY (gateway, kind, signal)
);
COMMENT ON TABLE store.pending_signal IS
  'Signals in reading.other: they wait for a column in the table of their kind, except those of the kind "other"';
COMMENT ON COLUMN store.pending_signal.last_seen IS 'At most some hours behind';
COMMENT ON COLUMN store.pending_signal.adopted_at IS 'When values were moved to the column; once more later, for workers that were slow to notice it';

ALTER TABLE reading.equipment ADD COLUMN same_as integer REFERENCES reading.equipment (id);
ALTER TABLE reading.equipment ADD COLUMN named_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX ON reading.equipment (same_as) WHERE same_as IS NOT NULL;
COMMENT ON COLUMN reading.equipment.same_as IS 'Set on an earlier name: the machine that has it now under another name; readings belong to that id';
COMMENT ON COLUMN reading.equipment.named_at IS 'When this row got its name';

-- Workers remember ids by name; they look at this number every few seconds, and up all names again when it has grown.
CREATE TABLE store.name_changes (number bigint NOT NULL);
INSERT INTO store.name_changes VALUES (0);
