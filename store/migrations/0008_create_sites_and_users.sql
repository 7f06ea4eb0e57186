-- Where gateways stand, who looks at them, and what people did.
CREATE SCHEMA plant;

CREATE TABLE plant.site (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE,
  label_zh text NOT NULL,
  label_en text NOT NULL,
  time_zone text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE plant.site IS 'Sites as in ISA-95: a works with a time zone of its own';

CREATE TABLE plant.gateway (
  name text COLLATE "C" PRIMARY KEY,
  site_id integer NOT NULL REFERENCES plant.site
);
CREATE INDEX ON plant.gateway (site_id);
COMMENT ON TABLE plant.gateway IS 'Which site a gateway belongs to: one, or none when it is not named here';

CREATE SCHEMA web;

CREATE TABLE web.user (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  password_hash text NOT NULL,
  role text NOT NULL,
  sites integer[],
  language text,
  must_change_password boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  disabled_at timestamptz
);
COMMENT ON COLUMN web.user.password_hash IS 'argon2id with its parameters';
COMMENT ON COLUMN web.user.sites IS 'Sites that they may see; NULL for all';

CREATE TABLE web.session (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  token_hash bytea NOT NULL UNIQUE,
  user_id integer NOT NULL REFERENCES web.user ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL,
  idle_seconds double precision NOT NULL,
  expires_at timestamptz NOT NULL,
  address text NOT NULL,
  agent text NOT NULL
);
CREATE INDEX ON web.session (user_id);
COMMENT ON TABLE web.session IS 'Signed-in browsers; the token itself is in the browser alone, here is its SHA-256';

CREATE TABLE web.token (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  token_hash bytea NOT NULL UNIQUE,
  role text NOT NULL,
  sites integer[],
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
COMMENT ON TABLE web.token IS 'Tokens for programs (Authorization: Bearer)';

CREATE TABLE web.failed_log_in (
  name text NOT NULL,
  address text NOT NULL,
  failures integer NOT NULL,
  since timestamptz NOT NULL,
  locked_until timestamptz,
  PRIMARY KEY (name, address)
);
CREATE INDEX ON web.failed_log_in (since);
COMMENT ON TABLE web.failed_log_in IS 'Counts towards a lock; a success clears the row';

-- The audit log: numbered without a gap, each row bound to the one before, and nobody changes it through SQL.
CREATE TABLE web.audit (
  id bigint PRIMARY KEY,
  time timestamptz NOT NULL,
  actor text NOT NULL,
  role text NOT NULL,
  address text NOT NULL,
  action text NOT NULL,
  object text NOT NULL,
  detail jsonb NOT NULL,
  result text NOT NULL,
  previous_hash bytea NOT NULL,
  hash bytea NOT NULL
);
CREATE INDEX ON web.audit (actor, id);
CREATE INDEX ON web.audit (action, id);
COMMENT ON TABLE web.audit IS 'Who did what; the trigger chain numbers and hashes each row; checked by store.audit.first_broken_row';

CREATE TABLE web.audit_head (
  id bigint NOT NULL,
  hash bytea NOT NULL
);
INSERT INTO web.audit_head VALUES (0, sha256(''));
COMMENT ON TABLE web.audit_head IS 'The newest row of web.audit: its lock puts writers in a line, and it tells when the end was cut off';

CREATE FUNCTION web.audit_hash(entry web.audit) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(entry.previous_hash || convert_to(jsonb_build_array(
    entry.id, to_char(entry.time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    entry.actor, entry.role, entry.address, entry.action, entry.object, entry.detail, entry.result)::text, 'UTF8'))
$$;
COMMENT ON FUNCTION web.audit_hash IS 'SHA-256 of the hash before and the JSON array of all other columns';

CREATE FUNCTION web.chain_audit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  head web.audit_head;
BEGIN
  SELECT * INTO STRICT head FROM web.audit_head FOR UPDATE;
  NEW.id := head.id + 1;
  NEW.time := clock_timestamp();
  NEW.previous_hash := head.hash;
  NEW.hash := web.audit_hash(NEW);
  UPDATE web.audit_head SET id = NEW.id, hash = NEW.hash;
  RETURN NEW;
END
$$;
CREATE TRIGGER chain BEFORE INSERT ON web.audit FOR EACH ROW EXECUTE FUNCTION web.chain_audit();

CREATE FUNCTION web.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is never changed' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON web.audit
  FOR EACH STATEMENT EXECUTE FUNCTION web.refuse_change();
