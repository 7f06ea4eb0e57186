-- Messages to people about alarms.
CREATE SCHEMA notification;

CREATE TABLE notification.cursor (
  channel text PRIMARY KEY,
  line_id bigint NOT NULL
);
COMMENT ON TABLE notification.cursor IS 'Up to which line of alarm.transition messages have been made for a channel';

CREATE TABLE notification.message (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  channel text NOT NULL,
  condition_id bigint NOT NULL REFERENCES alarm.condition (id),
  act text NOT NULL CHECK (act IN ('activate', 'return', 'acknowledge', 'remind')),
  occurrence integer NOT NULL,
  repetition integer NOT NULL DEFAULT 0,
  line_id bigint NOT NULL REFERENCES alarm.transition (id),
  made_at timestamptz NOT NULL,
  due_at timestamptz NOT NULL,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'failed', 'given_up')),
  attempts integer NOT NULL DEFAULT 0,
  answer text NOT NULL DEFAULT '',
  tried_at timestamptz,
  UNIQUE (channel, condition_id, act, occurrence, repetition)
);
CREATE INDEX ON notification.message (channel, due_at) WHERE state IN ('waiting', 'failed');
CREATE INDEX ON notification.message (made_at);
COMMENT ON TABLE notification.message IS 'What a channel tells people: each thing once, however often it is tried';
COMMENT ON COLUMN notification.message.repetition IS 'The how-manieth reminder of an occurrence';
COMMENT ON COLUMN notification.message.state IS 'failed: it will be tried again when it is due; given_up: it is too old by now';
COMMENT ON COLUMN notification.message.answer IS 'Of the other side, at the newest attempt';

CREATE TABLE notification.attempt (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  channel text NOT NULL,
  tried_at timestamptz NOT NULL,
  message_ids bigint[] NOT NULL,
  is_sent boolean NOT NULL,
  answer text NOT NULL
);
CREATE INDEX ON notification.attempt (tried_at);
COMMENT ON TABLE notification.attempt IS 'Every attempt; several messages may travel as one';
