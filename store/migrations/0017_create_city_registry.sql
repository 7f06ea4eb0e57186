-- Whom a city counts: areas, enterprises, their gateways and machines, as they were registered. What was measured is in `reading`.
CREATE SCHEMA city;

CREATE TABLE city.area (
  code text COLLATE "C" PRIMARY KEY,
  parent text COLLATE "C" REFERENCES city.area,
  level text NOT NULL CHECK (level IN ('province', 'city', 'county', 'zone')),
  label_zh text NOT NULL,
  label_en text NOT NULL,
  division_codes text[] NOT NULL DEFAULT '{}',
  valid_from date,
  valid_to date,
  successor text COLLATE "C" REFERENCES city.area,
  source text NOT NULL,
  CHECK (valid_from < valid_to)
);
CREATE INDEX ON city.area (parent);
COMMENT ON TABLE city.area IS 'Reporting areas of our own: counties, development zones, ports; an enterprise is in one';
COMMENT ON COLUMN city.area.division_codes IS 'Codes of GB/T 2260, or of the statistical set, that it maps to; none for an area without a code';

CREATE TABLE city.department (
  code text COLLATE "C" PRIMARY KEY,
  area text COLLATE "C" NOT NULL REFERENCES city.area,
  label_zh text NOT NULL,
  label_en text NOT NULL,
  aliases text[] NOT NULL DEFAULT '{}',
  source text NOT NULL
);
COMMENT ON TABLE city.department IS 'Departments that answer for targets; independent of where an enterprise stands';

CREATE TABLE city.enterprise (
  uscc text COLLATE "C" PRIMARY KEY CHECK (uscc ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'),
  name text NOT NULL CHECK (name <> ''),
  area text COLLATE "C" NOT NULL REFERENCES city.area,
  department text COLLATE "C" REFERENCES city.department,
  head_uscc text COLLATE "C" REFERENCES city.enterprise,
  sector text NOT NULL CHECK (sector IN ('industry', 'services', 'individual_or_farm')),
  industry text NOT NULL DEFAULT '' CHECK (industry ~ '^([A-T][0-9]{0,4})?$'),
  industry_edition text NOT NULL DEFAULT '' CHECK (industry_edition IN ('', '2011', '2017')),
  is_independent boolean NOT NULL DEFAULT true,
  address text NOT NULL DEFAULT '',
  contact text NOT NULL DEFAULT '',
  code_state text NOT NULL DEFAULT 'valid' CHECK (code_state IN ('valid', 'for_review')),
  code_problem text NOT NULL DEFAULT '',
  verified_by text NOT NULL DEFAULT '',
  verified_on date,
  registered_at timestamptz NOT NULL DEFAULT now(),
  registered_by text NOT NULL,
  retired_at timestamptz
);
CREATE INDEX ON city.enterprise (area);
CREATE INDEX ON city.enterprise (head_uscc) WHERE head_uscc IS NOT NULL;
COMMENT ON TABLE city.enterprise IS 'By unified social credit code (GB 32100-2015), normalised; a branch names its legal person';
COMMENT ON COLUMN city.enterprise.industry IS 'GB/T 4754: the letter of the section and up to four digits';
COMMENT ON COLUMN city.enterprise.code_state IS 'for_review: the outer check digit is right, and the inner one or the division code is not';
COMMENT ON COLUMN city.enterprise.verified_by IS 'The document or register that shows that the enterprise exists; empty: only the code was checked';

CREATE TABLE city.enterprise_label (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uscc text COLLATE "C" NOT NULL REFERENCES city.enterprise,
  label text NOT NULL CHECK (label IN (
    'pilot', 'benchmark', 'specialised_new', 'integration_certificate', 'technology', 'innovative', 'high_growth', 'negative_list')),
  level text NOT NULL DEFAULT '' CHECK (level IN ('', 'national', 'province', 'city', 'county')),
  form text NOT NULL DEFAULT '',
  valid_from date NOT NULL,
  valid_to date,
  document text NOT NULL,
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  CHECK (valid_from <= valid_to)
);
CREATE INDEX ON city.enterprise_label (uscc);
COMMENT ON COLUMN city.enterprise_label.label IS
  'specialised_new: 专精特新; integration_certificate: certificate of 两化融合管理体系; negative_list: credit list of special funds';
COMMENT ON COLUMN city.enterprise_label.form IS 'Kind of benchmark where a document tells some apart';
COMMENT ON COLUMN city.enterprise_label.valid_to IS 'Last day on which it holds; NULL without end';

CREATE TABLE city.declaration (
  uscc text COLLATE "C" NOT NULL REFERENCES city.enterprise,
  year smallint NOT NULL,
  kind text NOT NULL,
  machines integer NOT NULL CHECK (machines >= 0),
  declared_on date NOT NULL,
  document text NOT NULL,
  PRIMARY KEY (uscc, year, kind)
);
COMMENT ON TABLE city.declaration IS 'Key equipment that enterprises say they have, by year and kind: what a rate is taken of';

CREATE TABLE city.gateway (
  name text COLLATE "C" PRIMARY KEY,
  uscc text COLLATE "C" NOT NULL REFERENCES city.enterprise,
  certificate_sha256 bytea NOT NULL CHECK (octet_length(certificate_sha256) = 32),
  is_simulator boolean NOT NULL DEFAULT false,
  enrolled_at timestamptz NOT NULL DEFAULT now(),
  enrolled_by text NOT NULL,
  revoked_at timestamptz
);
CREATE INDEX ON city.gateway (uscc);
COMMENT ON TABLE city.gateway IS 'Gateways with the certificate that each enrolled with; two with one certificate count for nothing';

CREATE TABLE city.machine (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uscc text COLLATE "C" NOT NULL REFERENCES city.enterprise,
  kind text COLLATE "C" NOT NULL,
  label text NOT NULL DEFAULT '',
  maker text NOT NULL DEFAULT '',
  model text NOT NULL DEFAULT '',
  serial_number text NOT NULL DEFAULT '',
  nameplate_key text COLLATE "C" NOT NULL DEFAULT '',
  registration_code text NOT NULL DEFAULT '',
  made_year smallint,
  place text NOT NULL DEFAULT '',
  gateway text COLLATE "C" NOT NULL DEFAULT '',
  equipment_name text COLLATE "C" NOT NULL DEFAULT '',
  is_simulator boolean NOT NULL DEFAULT false,
  registered_at timestamptz NOT NULL DEFAULT now(),
  registered_by text NOT NULL,
  retired_at timestamptz,
  CHECK ((gateway = '') = (equipment_name = ''))
);
CREATE INDEX ON city.machine (uscc);
CREATE INDEX ON city.machine (nameplate_key) WHERE nameplate_key <> '' AND retired_at IS NULL;
CREATE UNIQUE INDEX machine_of_readings ON city.machine (gateway, equipment_name) WHERE gateway <> '' AND retired_at IS NULL;
COMMENT ON TABLE city.machine IS 'Equipment that enterprises have registered; (gateway, equipment_name) leads to its readings once they come';
COMMENT ON COLUMN city.machine.nameplate_key IS 'Maker, model and serial number without what differs by typing; empty where one is missing';
COMMENT ON COLUMN city.machine.registration_code IS 'Of special equipment such as boilers';

CREATE TABLE city.machine_code (
  machine_id integer NOT NULL REFERENCES city.machine,
  scheme text NOT NULL,
  edition text NOT NULL DEFAULT '',
  code text NOT NULL,
  PRIMARY KEY (machine_id, scheme, edition)
);
COMMENT ON TABLE city.machine_code IS 'Codes of other schemes: GB/T 14885, catalogue of special equipment, identifiers of the industrial internet';

CREATE TABLE city.hold (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  machine_id integer NOT NULL REFERENCES city.machine,
  reason text NOT NULL CHECK (reason <> ''),
  placed_at timestamptz NOT NULL DEFAULT now(),
  placed_by text NOT NULL,
  released_at timestamptz,
  released_by text,
  CHECK ((released_at IS NULL) = (released_by IS NULL))
);
CREATE UNIQUE INDEX hold_standing ON city.hold (machine_id) WHERE released_at IS NULL;
COMMENT ON TABLE city.hold IS 'Machines that an auditor has put on hold: they do not count until released';
