-- What a workshop is to make, when and on which machine; and what of its machines' time is for sale, and to whom it was sold.
CREATE SCHEMA production;

CREATE TABLE production.plan (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  gateway text NOT NULL,
  title text NOT NULL,
  origin timestamptz NOT NULL,
  zone text NOT NULL,
  made_at timestamptz NOT NULL,
  made_by text NOT NULL,
  replaces integer REFERENCES production.plan,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'searching', 'done', 'failed')),
  seen_at timestamptz NOT NULL,
  stop_wanted boolean NOT NULL DEFAULT false,
  seconds_limit double precision NOT NULL,
  aims jsonb NOT NULL,
  orders jsonb NOT NULL,
  machines jsonb NOT NULL,
  setups jsonb NOT NULL,
  down_until jsonb NOT NULL DEFAULT '{}',
  seconds double precision,
  cost bigint,
  bound bigint,
  floor_cost bigint,
  method text NOT NULL DEFAULT '',
  rule text NOT NULL DEFAULT '',
  measures jsonb,
  rule_measures jsonb,
  plan jsonb,
  failure text NOT NULL DEFAULT '',
  adopted_at timestamptz,
  adopted_by text NOT NULL DEFAULT '',
  CHECK ((state = 'done') = (plan IS NOT NULL)),
  CHECK (adopted_at IS NULL OR state = 'done')
);
CREATE INDEX ON production.plan (gateway, made_at DESC);
COMMENT ON TABLE production.plan IS 'Plans of the machines behind a gateway; of each the orders and machines as they were given';
COMMENT ON COLUMN production.plan.origin IS 'Minute 0 of all minutes in the documents';
COMMENT ON COLUMN production.plan.replaces IS 'The plan whose rest was planned anew';
COMMENT ON COLUMN production.plan.seen_at IS 'When the search last said that it goes on';
COMMENT ON COLUMN production.plan.orders IS 'List of jobs: name, release_minute, due_minute, weight, operations';
COMMENT ON COLUMN production.plan.machines IS
  'List of name, equipment_id, shifts, family, from_minute, closed, and sold: the reservations that the plan leaves room for';
COMMENT ON COLUMN production.plan.down_until IS 'Machines that stood still when the rest was planned anew, with the minute at which they are back';
COMMENT ON COLUMN production.plan.floor_cost IS 'What the best dispatching rule costs';
COMMENT ON COLUMN production.plan.bound IS 'No plan costs less';
COMMENT ON COLUMN production.plan.plan IS 'List of job, operation, machine, start minute, end minute';

CREATE TABLE production.workshop (
  gateway text PRIMARY KEY,
  plan_id integer REFERENCES production.plan
);
COMMENT ON TABLE production.workshop IS 'The plan that holds; whoever sells time holds on to this row, so that no plan is adopted meanwhile';

CREATE TABLE production.machine (
  equipment_id integer PRIMARY KEY REFERENCES reading.equipment,
  shifts text NOT NULL DEFAULT '',
  family text NOT NULL DEFAULT '',
  capability jsonb,
  hour_price numeric(12, 2),
  setup_price numeric(12, 2),
  changed_at timestamptz NOT NULL,
  changed_by text NOT NULL,
  CHECK (hour_price >= 0 AND setup_price >= 0),
  CHECK ((capability IS NULL) = (hour_price IS NULL) AND (capability IS NULL) = (setup_price IS NULL))
);
COMMENT ON TABLE production.machine IS 'When a machine works and, where its time is for sale, what it can do and what an hour costs';
COMMENT ON COLUMN production.machine.shifts IS 'Such as 1-5 08:00-20:00; 6 08:00-12:00; empty: always';
COMMENT ON COLUMN production.machine.capability IS
  'processes, axes, envelope_mm, load_kg, tolerance_mm, materials, certificates, region; NULL where nothing is for sale';

CREATE TABLE production.request (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  gateway text NOT NULL,
  asked_at timestamptz NOT NULL,
  asked_by text NOT NULL,
  buyer text NOT NULL,
  title text NOT NULL,
  demand jsonb NOT NULL,
  quantity integer NOT NULL CHECK (quantity > 0),
  minutes_a_part numeric(12, 4) NOT NULL CHECK (minutes_a_part > 0),
  can_pause boolean NOT NULL,
  earliest timestamptz NOT NULL,
  due timestamptz NOT NULL,
  price_cap numeric(14, 2) NOT NULL CHECK (price_cap >= 0),
  late_percent_a_day numeric(5, 2) NOT NULL CHECK (late_percent_a_day BETWEEN 0 AND 100),
  CHECK (earliest < due)
);
CREATE INDEX ON production.request (gateway, asked_at DESC);
COMMENT ON TABLE production.request IS 'What buyers ask of the machines behind a gateway';
COMMENT ON COLUMN production.request.demand IS 'process, axes, size_mm, mass_kg, tolerance_mm, material, certificates';

-- That no minute is sold twice is said here, so that it holds whoever writes. Ranges of one number stand for equality, which an
-- index of this kind does not know of numbers without an extension.
CREATE TABLE production.reservation (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  request_id integer NOT NULL REFERENCES production.request,
  equipment_id integer NOT NULL REFERENCES reading.equipment,
  slot tstzrange NOT NULL,
  price numeric(14, 2) NOT NULL CHECK (price >= 0),
  state text NOT NULL DEFAULT 'held'
    CHECK (state IN ('held', 'confirmed', 'delivered', 'settled', 'expired', 'cancelled', 'failed')),
  held_until timestamptz NOT NULL,
  held_at timestamptz NOT NULL,
  held_by text NOT NULL,
  changed_at timestamptz NOT NULL,
  changed_by text NOT NULL,
  evidence jsonb,
  settlement jsonb,
  paid numeric(14, 2),
  CONSTRAINT slot_has_both_ends CHECK (
    lower_inc(slot) AND NOT upper_inc(slot) AND lower(slot) IS NOT NULL AND upper(slot) IS NOT NULL
    AND isfinite(lower(slot)) AND isfinite(upper(slot))),
  CONSTRAINT no_double_sale EXCLUDE USING gist (int4range(equipment_id, equipment_id, '[]') WITH &&, slot WITH &&)
    WHERE (state IN ('held', 'confirmed', 'delivered', 'settled')),
  CHECK ((state = 'settled') = (paid IS NOT NULL))
);
CREATE INDEX ON production.reservation (request_id);
COMMENT ON TABLE production.reservation IS 'Sales of machine time: held for a while, confirmed, delivered, settled on the machine''s evidence';
COMMENT ON COLUMN production.reservation.evidence IS 'What the machine and the inspection said: counter, cycles, quality with its SHA-256';
COMMENT ON COLUMN production.reservation.settlement IS 'Parts made and good, deduction, doubts, and the SHA-256 of evidence and terms';
