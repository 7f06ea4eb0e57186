-- name: cursor
SELECT line_id FROM notification.cursor WHERE channel = %s;

-- name: set_cursor
INSERT INTO notification.cursor (channel, line_id) VALUES (%s, %s)
ON CONFLICT (channel) DO UPDATE SET line_id = greatest(notification.cursor.line_id, excluded.line_id);

-- name: add
-- What has been told already is left out, and so is an end of what was never told to begin.
INSERT INTO notification.message (channel, condition_id, act, occurrence, line_id, made_at, due_at)
SELECT %(channel)s, n.condition_id, n.act, n.occurrence, n.line_id, %(now)s, %(now)s
FROM unnest(%(condition_ids)s::int8[], %(acts)s::text[], %(occurrences)s::int4[], %(line_ids)s::int8[])
  AS n (condition_id, act, occurrence, line_id)
WHERE n.act = 'activate' OR EXISTS (
  SELECT FROM notification.message m WHERE m.channel = %(channel)s AND m.condition_id = n.condition_id
    AND m.occurrence = n.occurrence AND m.act = 'activate')
ORDER BY n.line_id
ON CONFLICT DO NOTHING;

-- name: remind
-- Of critical alarms that still call: so long after the call, or the reminder before.
INSERT INTO notification.message (channel, condition_id, act, occurrence, repetition, line_id, made_at, due_at)
SELECT DISTINCT ON (c.id) m.channel, c.id, 'remind', m.occurrence, m.repetition + 1, m.line_id, %(now)s, %(now)s
FROM alarm.condition c JOIN notification.message m ON m.condition_id = c.id AND m.occurrence = c.occurrences
WHERE m.channel = %(channel)s AND m.act IN ('activate', 'remind')
  AND c.priority = 'critical' AND c.state = 'unacknowledged'
  AND c.shelved_until IS NULL AND NOT c.is_suppressed AND c.out_of_service_since IS NULL
  AND NOT EXISTS (
    SELECT FROM notification.message later WHERE later.channel = m.channel AND later.condition_id = m.condition_id
      AND later.occurrence = m.occurrence AND later.act IN ('activate', 'remind') AND later.made_at > %(before)s)
ORDER BY c.id, m.repetition DESC
ON CONFLICT DO NOTHING;

-- name: give_up
UPDATE notification.message SET state = 'given_up'
WHERE channel = %s AND state IN ('waiting', 'failed') AND made_at < %s;

-- name: due
SELECT n.id, n.act, n.repetition, n.attempts, n.made_at, t.id, t.time, t.recorded_at, t.condition_id, t.gateway, t.equipment_id, t.rule,
  t.priority, t.act, t.state_before, t.state_after, t.occurrence, t.is_annunciated, t.value, t.limit_value, t.actor, t.note,
  coalesce(m.gateway, t.gateway), coalesce(m.name, ''), coalesce(m.kind, ''), c.title, c.active_since, r.definition
FROM notification.message n JOIN alarm.transition t ON t.id = n.line_id JOIN alarm.condition c ON c.id = n.condition_id
LEFT JOIN alarm.rule r ON r.name = c.rule
LEFT JOIN reading.equipment e ON e.id = t.equipment_id LEFT JOIN reading.equipment m ON m.id = coalesce(e.same_as, e.id)
WHERE n.channel = %s AND n.state IN ('waiting', 'failed') AND n.due_at <= %s
ORDER BY n.id LIMIT %s;

-- name: tried
UPDATE notification.message m SET state = %(state)s, attempts = attempts + 1, answer = %(answer)s, tried_at = %(now)s, due_at = %(due_at)s
WHERE id = ANY (%(ids)s::int8[]);

-- name: record_attempt
INSERT INTO notification.attempt (channel, tried_at, message_ids, is_sent, answer) VALUES (%s, %s, %s, %s, %s);

-- name: purge_messages
DELETE FROM notification.message WHERE made_at < %s AND state IN ('sent', 'given_up');

-- name: purge_attempts
DELETE FROM notification.attempt WHERE tried_at < %s;
