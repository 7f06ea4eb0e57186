-- name: enter
-- The ids that are new. Sorted: two workers with the same repeats in different order would deadlock otherwise.
INSERT INTO ingest.ledger (gateway, epoch, seq, entered_at)
SELECT *, CASE WHEN starts_with(gateway, 'json/') OR starts_with(gateway, 'sparkplug/') THEN now() END
FROM unnest(string_to_array(%s, E'\x1f'), string_to_array(%s, E'\x1f')::int8[], string_to_array(%s, E'\x1f')::int8[])
  AS id (gateway, epoch, seq)
ORDER BY gateway COLLATE "C", epoch, seq
ON CONFLICT DO NOTHING
RETURNING gateway, epoch, seq;

-- name: floors
-- A statement of its own after the insert, so that it sees a purge for which that insert has waited.
SELECT f.gateway, f.epoch, f.floor
FROM unnest(string_to_array(%s, E'\x1f'), string_to_array(%s, E'\x1f')::int8[], string_to_array(%s, E'\x1f')::int8[])
  AS id (gateway, epoch, seq)
JOIN ingest.floor f USING (gateway, epoch)
WHERE id.seq < f.floor;

-- name: raise_floors
INSERT INTO ingest.floor (gateway, epoch, floor)
SELECT * FROM unnest(%s::text[], %s::int8[], %s::int8[]) AS new (gateway, epoch, floor) ORDER BY gateway COLLATE "C", epoch
ON CONFLICT (gateway, epoch) DO UPDATE SET floor = excluded.floor, updated_at = now() WHERE floor.floor < excluded.floor;

-- name: purge
DELETE FROM ingest.ledger l
USING unnest(%s::text[], %s::int8[], %s::int8[]) AS f (gateway, epoch, floor)
WHERE l.gateway = f.gateway AND l.epoch = f.epoch AND l.seq < f.floor;

-- name: purge_foreign
DELETE FROM ingest.ledger WHERE entered_at < now() - %s::interval;

-- name: add_events
INSERT INTO reading.event (time, equipment_id, signal, text)
SELECT to_timestamp(us / 1000000) + mod(us, 1000000) * INTERVAL '1 microsecond', equipment_id, signal, text
FROM unnest(%s::int8[], %s::int4[], %s::text[], %s::text[]) AS event (us, equipment_id, signal, text);

-- name: add_waveform
INSERT INTO reading.waveform (time, equipment_id, signal, rate_hz, samples)
VALUES (to_timestamp(%s::int8) + %s * INTERVAL '1 microsecond', %s, %s, %s, %b);

-- name: add_dead_letter
INSERT INTO ingest.dead_letter (topic, gateway, epoch, seq, reason, detail, payload, digest)
VALUES (%s, %s, %s, %s, %s, %s, %b, sha256(%b))
ON CONFLICT (topic, digest) DO UPDATE SET copies = dead_letter.copies + 1, received_at = now();

-- name: list_dead_letters
SELECT id, received_at, topic, gateway, epoch, seq, reason, detail, copies, octet_length(payload)
FROM ingest.dead_letter
WHERE (%(reason)s::text IS NULL OR reason = %(reason)s) AND (%(ids)s::int8[] IS NULL OR id = ANY(%(ids)s))
ORDER BY id LIMIT %(limit)s;

-- name: read_dead_letter
SELECT payload FROM ingest.dead_letter WHERE id = %s;

-- name: take_dead_letter
DELETE FROM ingest.dead_letter WHERE id = %s RETURNING topic, payload, received_at, epoch IS NOT NULL;

-- name: discard_dead_letters
DELETE FROM ingest.dead_letter WHERE id = ANY(%s);

-- name: extend_intervals
-- An interval goes on when the same signals were equally bad before and no value of theirs lies between.
UPDATE reading.quality_interval q SET end_time = run.end_time
FROM unnest(%s::int4[], %s::int4[], %s::text[], %s::int2[], %s::timestamptz[], %s::timestamptz[])
  AS run (number, equipment_id, signals, quality, start_time, end_time)
CROSS JOIN LATERAL (
  SELECT start_time FROM reading.quality_interval
  WHERE equipment_id = run.equipment_id AND quality = run.quality AND signals = string_to_array(run.signals, ',')
    AND start_time <= run.start_time AND start_time > run.start_time - INTERVAL '1 day'
  ORDER BY start_time DESC LIMIT 1
) previous
WHERE q.equipment_id = run.equipment_id AND q.quality = run.quality AND q.signals = string_to_array(run.signals, ',')
  AND q.start_time = previous.start_time AND q.end_time BETWEEN run.start_time - INTERVAL '5 minutes' AND run.start_time
  AND NOT EXISTS (
    SELECT FROM reading.{table} r
    WHERE r.equipment_id = run.equipment_id AND r.time > q.end_time AND r.time < run.start_time
      AND jsonb_strip_nulls(to_jsonb(r)) ?| q.signals
  )
RETURNING run.number;

-- name: add_intervals
INSERT INTO reading.quality_interval (equipment_id, signals, quality, start_time, end_time)
SELECT equipment_id, string_to_array(signals, ','), quality, start_time, end_time
FROM unnest(%s::int4[], %s::text[], %s::int2[], %s::timestamptz[], %s::timestamptz[])
  AS run (equipment_id, signals, quality, start_time, end_time);

-- name: write_latest
-- Never backwards: another worker may have written a newer row. Signals that this row lacks keep their value.
INSERT INTO reading.latest (equipment_id, time, "values", qualities)
SELECT (row->>0)::int4, to_timestamp((row->>1)::int8 / 1000000) + mod((row->>1)::int8, 1000000) * INTERVAL '1 microsecond', row->2, row->3
FROM jsonb_array_elements(%s::jsonb) AS machine (row)
ORDER BY 1
ON CONFLICT (equipment_id) DO UPDATE SET
  time = excluded.time,
  "values" = latest."values" || excluded."values",
  qualities = (latest.qualities - ARRAY(SELECT jsonb_object_keys(excluded."values"))) || excluded.qualities
WHERE excluded.time >= latest.time;
