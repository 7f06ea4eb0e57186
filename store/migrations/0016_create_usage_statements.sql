-- What machines were used, a statement a day: each bound to the one before it and signed at the plant, so that a lessor or a bank
-- can check them without this database.
CREATE SCHEMA usage;

CREATE TABLE usage.key (
  key_id text PRIMARY KEY CHECK (key_id ~ '^[0-9a-f]{16}$'),
  public_key bytea NOT NULL CHECK (octet_length(public_key) = 32),
  added_at timestamptz NOT NULL DEFAULT now(),
  CHECK (key_id = substr(encode(sha256(public_key), 'hex'), 1, 16))
);
COMMENT ON TABLE usage.key IS 'Public keys (Ed25519) that statements are signed with; private keys are never here';
COMMENT ON COLUMN usage.key.key_id IS 'The first 16 digits of the SHA-256 of the public key';

CREATE TABLE usage.statement (
  equipment_id integer NOT NULL REFERENCES reading.equipment,
  number integer NOT NULL CHECK (number > 0),
  day date NOT NULL,
  text text NOT NULL,
  previous_hash bytea NOT NULL CHECK (octet_length(previous_hash) = 32),
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  signature bytea NOT NULL CHECK (octet_length(signature) = 64),
  key_id text NOT NULL REFERENCES usage.key,
  seen_at timestamptz,
  made_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (equipment_id, number),
  UNIQUE (equipment_id, day)
);
COMMENT ON TABLE usage.statement IS 'A statement for each machine and day, in chains by machine; checked by analytics.statements';
COMMENT ON COLUMN usage.statement.text IS 'The statement in canonical form (RFC 8785)';
COMMENT ON COLUMN usage.statement.hash IS 'SHA-256 of the canonical form of number, previous hash and statement';
COMMENT ON COLUMN usage.statement.signature IS 'Ed25519 over the hash';
COMMENT ON COLUMN usage.statement.seen_at IS
  'When the counters showed what the statement ends with: the next one counts from there. NULL where they showed nothing that day';

-- A row that does not follow the last one is a fault of whoever writes, or two who write at once.
CREATE FUNCTION usage.follow_the_last() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  last usage.statement;
BEGIN
  SELECT * INTO last FROM usage.statement s WHERE s.equipment_id = NEW.equipment_id ORDER BY s.number DESC LIMIT 1;
  IF NEW.number <> coalesce(last.number, 0) + 1 OR NEW.previous_hash <> coalesce(last.hash, decode(repeat('00', 32), 'hex'))
    OR NEW.day <= last.day THEN
    RAISE EXCEPTION 'statement % of machine % does not follow its last one', NEW.number, NEW.equipment_id
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER follow_the_last BEFORE INSERT ON usage.statement FOR EACH ROW EXECUTE FUNCTION usage.follow_the_last();

CREATE FUNCTION usage.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'usage statements and their keys are never changed' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON usage.statement
  FOR EACH STATEMENT EXECUTE FUNCTION usage.refuse_change();
CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON usage.key
  FOR EACH STATEMENT EXECUTE FUNCTION usage.refuse_change();
