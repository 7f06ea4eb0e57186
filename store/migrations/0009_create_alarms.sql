-- Alarms after ISA-18.2 and OPC UA Part 9: rules, the conditions that they made on machines, and the journal of all that happened.
CREATE SCHEMA alarm;

CREATE TABLE alarm.rule (
  name text COLLATE "C" PRIMARY KEY,
  kind text NOT NULL,
  definition jsonb NOT NULL,
  origin text NOT NULL CHECK (origin IN ('kind', 'plant')),
  is_enabled boolean NOT NULL DEFAULT true,
  version integer NOT NULL DEFAULT 1,
  changed_by text NOT NULL DEFAULT '',
  changed_at timestamptz NOT NULL
);
COMMENT ON TABLE alarm.rule IS 'What is watched, and what an operator does when it happens';
COMMENT ON COLUMN alarm.rule.origin IS
  'kind: as kind.toml has it, nobody has confirmed its limit yet; plant: a person has written, changed or confirmed it';

CREATE TABLE alarm.rule_change (
  rule text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  definition jsonb,
  is_enabled boolean NOT NULL,
  changed_by text NOT NULL,
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (rule, version)
);
COMMENT ON TABLE alarm.rule_change IS 'Every version of every rule';
COMMENT ON COLUMN alarm.rule_change.definition IS 'NULL: the rule was removed';

CREATE TABLE alarm.flood (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  position text NOT NULL,
  began_at timestamptz NOT NULL,
  ended_at timestamptz,
  annunciations integer NOT NULL
);
CREATE UNIQUE INDEX ON alarm.flood (position) WHERE ended_at IS NULL;
COMMENT ON TABLE alarm.flood IS 'Times in which more alarms came than a person can look at';
COMMENT ON COLUMN alarm.flood.position IS 'The operator''s position: name of a site, empty for all that is at no site of its own';

CREATE SEQUENCE alarm.revision;

CREATE TABLE alarm.condition (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  gateway text COLLATE "C" NOT NULL,
  equipment_id integer,
  rule text COLLATE "C" NOT NULL,
  state text NOT NULL DEFAULT 'normal' CHECK (state IN ('normal', 'unacknowledged', 'acknowledged', 'returned', 'latched')),
  priority text NOT NULL CHECK (priority IN ('critical', 'high', 'medium', 'low')),
  title jsonb NOT NULL,
  value float8,
  limit_value float8,
  active_since timestamptz,
  returned_at timestamptz,
  acknowledged_at timestamptz,
  acknowledged_by text NOT NULL DEFAULT '',
  note text NOT NULL DEFAULT '',
  changed_at timestamptz NOT NULL,
  shelved_until timestamptz,
  shelved_once boolean NOT NULL DEFAULT false,
  shelved_by text NOT NULL DEFAULT '',
  shelf_reason text NOT NULL DEFAULT '',
  is_suppressed boolean NOT NULL DEFAULT false,
  out_of_service_since timestamptz,
  out_of_service_by text NOT NULL DEFAULT '',
  out_of_service_reason text NOT NULL DEFAULT '',
  occurrences integer NOT NULL DEFAULT 0,
  flood_id bigint REFERENCES alarm.flood (id),
  is_first_out boolean NOT NULL DEFAULT false,
  revision bigint NOT NULL DEFAULT nextval('alarm.revision')
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
-- The gateway of a machine is the one of today (reading.equipment), so it is no part of a machine's key.
CREATE UNIQUE INDEX condition_key ON alarm.condition
  (coalesce(equipment_id, 0), rule, (CASE WHEN equipment_id IS NULL THEN gateway ELSE '' END));
CREATE INDEX ON alarm.condition (id) WHERE state <> 'normal';
CREATE INDEX ON alarm.condition (revision);
CREATE INDEX ON alarm.condition (shelved_until) WHERE shelved_until IS NOT NULL;
COMMENT ON TABLE alarm.condition IS 'One rule on one machine, or on a gateway itself; made when it first becomes active or suppressed';
COMMENT ON COLUMN alarm.condition.equipment_id IS 'NULL: a condition of the gateway itself';
COMMENT ON COLUMN alarm.condition.note IS 'The newest note of this occurrence; all of them are in alarm.transition';
COMMENT ON COLUMN alarm.condition.shelved_once IS 'The shelf also ends when the condition returns to normal';
COMMENT ON COLUMN alarm.condition.is_suppressed IS 'By design: a state or another alarm of the machine makes this one meaningless';
COMMENT ON COLUMN alarm.condition.is_first_out IS 'The first of a flood, or the first of several alarms of its machine within a minute';
COMMENT ON COLUMN alarm.condition.revision IS 'Grows with every change of the row, and becomes visible in its order: what is new is above the largest seen';

CREATE TABLE alarm.transition (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  time timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL,
  condition_id bigint NOT NULL REFERENCES alarm.condition (id),
  gateway text COLLATE "C" NOT NULL,
  equipment_id integer,
  rule text COLLATE "C" NOT NULL,
  priority text NOT NULL,
  act text NOT NULL,
  state_before text NOT NULL,
  state_after text NOT NULL,
  occurrence integer NOT NULL,
  is_annunciated boolean NOT NULL,
  value float8,
  limit_value float8,
  actor text NOT NULL DEFAULT '',
  note text NOT NULL DEFAULT ''
);
CREATE INDEX ON alarm.transition (time);
CREATE INDEX ON alarm.transition (time) WHERE is_annunciated;
CREATE INDEX ON alarm.transition (condition_id, id);
COMMENT ON TABLE alarm.transition IS 'The journal: rows are only added, and become visible in the order of their ids';
COMMENT ON COLUMN alarm.transition.time IS 'Of the process, or of the person''s act';
COMMENT ON COLUMN alarm.transition.occurrence IS 'The how-manieth activation of the condition this belongs to';
COMMENT ON COLUMN alarm.transition.is_annunciated IS 'With this it calls for the operator: active, unacknowledged, neither shelved, suppressed nor out of service';
COMMENT ON COLUMN alarm.transition.actor IS 'Empty: the process, or the clock';

CREATE TABLE alarm.evaluator (
  id text PRIMARY KEY,
  snapshot bytea NOT NULL,
  saved_at timestamptz NOT NULL
);
COMMENT ON TABLE alarm.evaluator IS 'What an evaluator had in memory: values, pending delays';

CREATE FUNCTION alarm.tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('alarm', '');
  RETURN NULL;
END
$$;
CREATE TRIGGER tell AFTER INSERT ON alarm.transition FOR EACH STATEMENT EXECUTE FUNCTION alarm.tell();
CREATE TRIGGER tell AFTER INSERT OR UPDATE ON alarm.flood FOR EACH STATEMENT EXECUTE FUNCTION alarm.tell();
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON alarm.rule FOR EACH STATEMENT EXECUTE FUNCTION alarm.tell();
