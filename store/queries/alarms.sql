-- name: lock
SELECT pg_advisory_xact_lock(hashtext('shangyun alarms'));

-- name: for_update
SELECT c.* FROM alarm.condition c
LEFT JOIN reading.equipment e ON e.id = c.equipment_id LEFT JOIN reading.equipment m ON m.id = coalesce(e.same_as, e.id)
WHERE c.id = ANY (%(ids)s::int8[]) AND (%(gateways)s::text[] IS NULL OR coalesce(m.gateway, c.gateway) = ANY (%(gateways)s))
ORDER BY c.id FOR UPDATE OF c;

-- name: of_keys_for_update
SELECT c.* FROM alarm.condition c
JOIN unnest(%b::int4[], %b::text[], %b::text[]) AS k (equipment_id, rule, gateway)
  ON coalesce(c.equipment_id, 0) = coalesce(k.equipment_id, 0) AND c.rule = k.rule
  AND (CASE WHEN c.equipment_id IS NULL THEN c.gateway ELSE '' END) = (CASE WHEN k.equipment_id IS NULL THEN k.gateway ELSE '' END)
ORDER BY c.id FOR UPDATE OF c;

-- name: standing_for_update
SELECT * FROM alarm.condition WHERE state <> 'normal' ORDER BY id FOR UPDATE;

-- name: due_shelves_for_update
SELECT * FROM alarm.condition WHERE shelved_until <= %s ORDER BY id FOR UPDATE;

-- name: create
-- Where there is no machine of the id there is nothing to look at either.
INSERT INTO alarm.condition (gateway, equipment_id, rule, priority, title, changed_at)
SELECT coalesce(e.gateway, k.gateway), k.equipment_id, k.rule, k.priority, k.title::jsonb, n.now
FROM unnest(%b::int4[], %b::text[], %b::text[], %b::text[], %b::text[]) WITH ORDINALITY
  AS k (equipment_id, rule, gateway, priority, title, place)
CROSS JOIN (SELECT %s::timestamptz AS now) n
LEFT JOIN reading.equipment e ON e.id = k.equipment_id
WHERE k.equipment_id IS NULL OR e.id IS NOT NULL
ORDER BY place
ON CONFLICT DO NOTHING
RETURNING *;

-- name: save
UPDATE alarm.condition c SET
  state = n.state, priority = n.priority, title = n.title::jsonb, value = n.value, limit_value = n.limit_value,
  active_since = n.active_since, returned_at = n.returned_at, acknowledged_at = n.acknowledged_at,
  acknowledged_by = n.acknowledged_by, note = n.note, changed_at = n.changed_at, shelved_until = n.shelved_until,
  shelved_once = n.shelved_once, shelved_by = n.shelved_by, shelf_reason = n.shelf_reason, is_suppressed = n.is_suppressed,
  out_of_service_since = n.out_of_service_since, out_of_service_by = n.out_of_service_by,
  out_of_service_reason = n.out_of_service_reason, occurrences = n.occurrences, flood_id = n.flood_id,
  is_first_out = n.is_first_out, revision = nextval('alarm.revision')
FROM unnest(
  %b::int8[], %b::text[], %b::text[], %b::text[], %b::float8[], %b::float8[], %b::timestamptz[], %b::timestamptz[],
  %b::timestamptz[], %b::text[], %b::text[], %b::timestamptz[], %b::timestamptz[], %b::bool[], %b::text[], %b::text[], %b::bool[],
  %b::timestamptz[], %b::text[], %b::text[], %b::int4[], %b::int8[], %b::bool[]
) AS n (
  id, state, priority, title, value, limit_value, active_since, returned_at,
  acknowledged_at, acknowledged_by, note, changed_at, shelved_until, shelved_once, shelved_by, shelf_reason, is_suppressed,
  out_of_service_since, out_of_service_by, out_of_service_reason, occurrences, flood_id, is_first_out
)
WHERE c.id = n.id;

-- name: list
-- The machine under its names of today: an earlier name leads to it by same_as.
SELECT c.*, coalesce(m.gateway, c.gateway), coalesce(m.name, ''), coalesce(m.kind, '')
FROM alarm.condition c
LEFT JOIN reading.equipment e ON e.id = c.equipment_id LEFT JOIN reading.equipment m ON m.id = coalesce(e.same_as, e.id)
WHERE {matches}
ORDER BY {order}, c.active_since DESC NULLS LAST, c.id DESC
LIMIT %(limit)s::int8 OFFSET %(offset)s::int8;

-- name: count
SELECT count(*)
FROM alarm.condition c
LEFT JOIN reading.equipment e ON e.id = c.equipment_id LEFT JOIN reading.equipment m ON m.id = coalesce(e.same_as, e.id)
WHERE {matches};

-- name: count_by_priority
SELECT c.priority, count(*)
FROM alarm.condition c
LEFT JOIN reading.equipment e ON e.id = c.equipment_id LEFT JOIN reading.equipment m ON m.id = coalesce(e.same_as, e.id)
WHERE {matches}
GROUP BY 1;

-- name: matches
CASE %(view)s
    WHEN 'standing' THEN c.state <> 'normal' AND c.shelved_until IS NULL AND NOT c.is_suppressed AND c.out_of_service_since IS NULL
    WHEN 'shelved' THEN c.shelved_until IS NOT NULL
    WHEN 'suppressed' THEN c.is_suppressed AND c.state <> 'normal'
    WHEN 'out_of_service' THEN c.out_of_service_since IS NOT NULL
    ELSE true
  END
  AND (%(gateways)s::text[] IS NULL OR coalesce(m.gateway, c.gateway) = ANY (%(gateways)s))
  AND (%(equipment_ids)s::int8[] IS NULL OR m.id = ANY (%(equipment_ids)s))
  AND (%(kinds)s::text[] IS NULL OR m.kind = ANY (%(kinds)s))
  AND (%(rules)s::text[] IS NULL OR c.rule = ANY (%(rules)s))
  AND (%(priorities)s::text[] IS NULL OR c.priority = ANY (%(priorities)s))
  AND (%(states)s::text[] IS NULL OR c.state = ANY (%(states)s))
  AND (%(since)s::timestamptz IS NULL OR c.active_since >= %(since)s)
  AND (%(search)s = '' OR strpos(lower(concat_ws(' ', coalesce(m.gateway, c.gateway) || '/' || m.name, c.gateway, c.rule,
                                               c.title ->> 'zh', c.title ->> 'en')), %(search)s) > 0);

-- name: get
SELECT c.*, coalesce(m.gateway, c.gateway), coalesce(m.name, ''), coalesce(m.kind, '')
FROM alarm.condition c
LEFT JOIN reading.equipment e ON e.id = c.equipment_id LEFT JOIN reading.equipment m ON m.id = coalesce(e.same_as, e.id)
WHERE c.id = ANY (%s::int8[]) ORDER BY c.id;

-- name: changed_after
SELECT c.*, coalesce(m.gateway, c.gateway), coalesce(m.name, ''), coalesce(m.kind, '')
FROM alarm.condition c
LEFT JOIN reading.equipment e ON e.id = c.equipment_id LEFT JOIN reading.equipment m ON m.id = coalesce(e.same_as, e.id)
WHERE c.revision > %s ORDER BY c.revision;

-- name: append
-- In the order given, so that ids tell what came first.
INSERT INTO alarm.transition (
  time, recorded_at, condition_id, gateway, equipment_id, rule, priority, act, state_before, state_after, occurrence,
  is_annunciated, value, limit_value, actor, note
)
SELECT time, recorded_at, condition_id, gateway, equipment_id, rule, priority, act, state_before, state_after, occurrence,
  is_annunciated, value, limit_value, actor, note
FROM unnest(
  %b::timestamptz[], %b::timestamptz[], %b::int8[], %b::text[], %b::int4[], %b::text[], %b::text[], %b::text[], %b::text[],
  %b::text[], %b::int4[], %b::bool[], %b::float8[], %b::float8[], %b::text[], %b::text[]
) WITH ORDINALITY AS n (
  time, recorded_at, condition_id, gateway, equipment_id, rule, priority, act, state_before, state_after, occurrence,
  is_annunciated, value, limit_value, actor, note, place
)
ORDER BY place;

-- name: annunciations_of_machines
SELECT time, condition_id, equipment_id, gateway FROM alarm.transition
WHERE is_annunciated AND time > %s AND (equipment_id = ANY (%s::int4[]) OR equipment_id IS NULL) ORDER BY time, id;

-- name: newest_annunciations
-- A gateway that is at no position belongs to the one without a name.
SELECT time, condition_id, equipment_id, gateway FROM (
  SELECT t.id, t.time, t.condition_id, t.equipment_id, t.gateway
  FROM alarm.transition t
  LEFT JOIN unnest(%(gateways)s::text[], %(positions)s::text[]) AS p (gateway, position) ON p.gateway = t.gateway
  WHERE t.is_annunciated AND t.time > %(since)s AND coalesce(p.position, '') = %(position)s
  ORDER BY t.time DESC, t.id DESC LIMIT %(limit)s
) AS newest ORDER BY time, id;

-- name: open_floods
SELECT id, position, began_at, ended_at, annunciations FROM alarm.flood WHERE ended_at IS NULL;

-- name: begin_flood
INSERT INTO alarm.flood (position, began_at, annunciations) VALUES (%s, %s, 0) RETURNING id;

-- name: grow_flood
UPDATE alarm.flood SET annunciations = annunciations + %s WHERE id = %s;

-- name: end_flood
UPDATE alarm.flood SET ended_at = %s WHERE id = %s;

-- name: set_flood
UPDATE alarm.condition SET flood_id = %s, revision = nextval('alarm.revision') WHERE id = ANY (%s::int8[]);

-- name: set_first_out
UPDATE alarm.condition SET is_first_out = true, revision = nextval('alarm.revision') WHERE id = ANY (%s::int8[]);

-- name: clear_first_out
-- The first of a flood that still lasts stays marked.
UPDATE alarm.condition c SET is_first_out = false, revision = nextval('alarm.revision')
WHERE id = ANY (%s::int8[]) AND is_first_out
  AND NOT EXISTS (SELECT FROM alarm.flood f WHERE f.id = c.flood_id AND f.ended_at IS NULL);

-- name: list_floods
SELECT id, position, began_at, ended_at, annunciations FROM alarm.flood
WHERE began_at < %s AND (ended_at IS NULL OR ended_at > %s) ORDER BY began_at DESC, id DESC;

-- name: journal
SELECT t.id, t.time, t.recorded_at, t.condition_id, t.gateway, t.equipment_id, t.rule, t.priority, t.act, t.state_before,
  t.state_after, t.occurrence, t.is_annunciated, t.value, t.limit_value, t.actor, t.note,
  coalesce(m.gateway, t.gateway), coalesce(m.name, ''), coalesce(m.kind, ''), c.title
FROM alarm.transition t JOIN alarm.condition c ON c.id = t.condition_id
LEFT JOIN reading.equipment e ON e.id = t.equipment_id LEFT JOIN reading.equipment m ON m.id = coalesce(e.same_as, e.id)
WHERE {journal_matches}
ORDER BY t.id DESC LIMIT %(limit)s::int8 OFFSET %(offset)s::int8;

-- name: count_journal
SELECT count(*)
FROM alarm.transition t
LEFT JOIN reading.equipment e ON e.id = t.equipment_id LEFT JOIN reading.equipment m ON m.id = coalesce(e.same_as, e.id)
WHERE {journal_matches};

-- name: journal_matches
(%(gateways)s::text[] IS NULL OR coalesce(m.gateway, t.gateway) = ANY (%(gateways)s))
  AND (%(equipment_ids)s::int8[] IS NULL OR m.id = ANY (%(equipment_ids)s))
  AND (%(condition_ids)s::int8[] IS NULL OR t.condition_id = ANY (%(condition_ids)s))
  AND (%(kinds)s::text[] IS NULL OR m.kind = ANY (%(kinds)s))
  AND (%(rules)s::text[] IS NULL OR t.rule = ANY (%(rules)s))
  AND (%(priorities)s::text[] IS NULL OR t.priority = ANY (%(priorities)s))
  AND (%(acts)s::text[] IS NULL OR t.act = ANY (%(acts)s))
  AND (%(actors)s::text[] IS NULL OR t.actor = ANY (%(actors)s))
  AND (%(since)s::timestamptz IS NULL OR t.time >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR t.time < %(until)s)
  AND (%(before_id)s::int8 IS NULL OR t.id < %(before_id)s);

-- name: journal_after
SELECT t.id, t.time, t.recorded_at, t.condition_id, t.gateway, t.equipment_id, t.rule, t.priority, t.act, t.state_before,
  t.state_after, t.occurrence, t.is_annunciated, t.value, t.limit_value, t.actor, t.note,
  coalesce(m.gateway, t.gateway), coalesce(m.name, ''), coalesce(m.kind, ''), c.title
FROM alarm.transition t JOIN alarm.condition c ON c.id = t.condition_id
LEFT JOIN reading.equipment e ON e.id = t.equipment_id LEFT JOIN reading.equipment m ON m.id = coalesce(e.same_as, e.id)
WHERE t.id > %s ORDER BY t.id LIMIT %s;

-- name: newest_line
SELECT coalesce(max(id), 0) FROM alarm.transition;

-- name: list_rules
SELECT name, kind, definition, origin, is_enabled, version, changed_by, changed_at FROM alarm.rule ORDER BY name;

-- name: definitions
SELECT name, definition FROM alarm.rule WHERE name = ANY (%s::text[]);

-- name: get_rule
SELECT name, kind, definition, origin, is_enabled, version, changed_by, changed_at FROM alarm.rule WHERE name = %s;

-- name: add_rule
-- Versions go on where those of a removed rule of the name ended.
WITH saved AS (
  INSERT INTO alarm.rule (name, kind, definition, origin, is_enabled, version, changed_by, changed_at)
  SELECT %(name)s, %(kind)s, %(definition)s::jsonb, 'plant', %(is_enabled)s,
         1 + (SELECT coalesce(max(version), 0) FROM alarm.rule_change WHERE rule = %(name)s), %(changed_by)s, %(now)s
  ON CONFLICT (name) DO NOTHING RETURNING *
)
INSERT INTO alarm.rule_change (rule, version, definition, is_enabled, changed_by, changed_at)
SELECT name, version, definition, is_enabled, changed_by, changed_at FROM saved;

-- name: save_rule
WITH saved AS (
  UPDATE alarm.rule SET kind = %(kind)s, definition = %(definition)s::jsonb, origin = 'plant', is_enabled = %(is_enabled)s,
    version = version + 1, changed_by = %(changed_by)s, changed_at = %(now)s
  WHERE name = %(name)s AND version = %(expected_version)s RETURNING *
)
INSERT INTO alarm.rule_change (rule, version, definition, is_enabled, changed_by, changed_at)
SELECT name, version, definition, is_enabled, changed_by, changed_at FROM saved;

-- name: remove_rule
WITH removed AS (DELETE FROM alarm.rule WHERE name = %(name)s RETURNING *)
INSERT INTO alarm.rule_change (rule, version, definition, is_enabled, changed_by, changed_at)
SELECT name, version + 1, NULL, false, %(changed_by)s, %(now)s FROM removed;

-- name: put_kind_rules
WITH saved AS (
  INSERT INTO alarm.rule AS r (name, kind, definition, origin, version, changed_at)
  SELECT n.name, n.kind, n.definition::jsonb, 'kind',
         1 + coalesce((SELECT max(version) FROM alarm.rule_change h WHERE h.rule = n.name), 0), %(now)s
  FROM unnest(%(names)s::text[], %(kinds)s::text[], %(definitions)s::text[]) AS n (name, kind, definition)
  ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, definition = excluded.definition, version = r.version + 1,
    changed_at = excluded.changed_at
  WHERE r.origin = 'kind' AND (r.kind, r.definition) IS DISTINCT FROM (excluded.kind, excluded.definition)
  RETURNING *
)
INSERT INTO alarm.rule_change (rule, version, definition, is_enabled, changed_by, changed_at)
SELECT name, version, definition, is_enabled, changed_by, changed_at FROM saved;

-- name: remove_vanished_kind_rules
WITH removed AS (DELETE FROM alarm.rule WHERE origin = 'kind' AND NOT name = ANY (%(names)s::text[]) RETURNING *)
INSERT INTO alarm.rule_change (rule, version, definition, is_enabled, changed_by, changed_at)
SELECT name, version + 1, NULL, false, '', %(now)s FROM removed;

-- name: rule_history
SELECT version, definition, is_enabled, changed_by, changed_at FROM alarm.rule_change WHERE rule = %s ORDER BY version DESC;

-- name: save_snapshot
INSERT INTO alarm.evaluator (id, snapshot, saved_at) VALUES (%s, %s, %s)
ON CONFLICT (id) DO UPDATE SET snapshot = excluded.snapshot, saved_at = excluded.saved_at;

-- name: load_snapshot
SELECT snapshot, saved_at FROM alarm.evaluator WHERE id = %s;

-- name: annunciation_times
SELECT t.time FROM alarm.transition t
LEFT JOIN reading.equipment e ON e.id = t.equipment_id LEFT JOIN reading.equipment m ON m.id = coalesce(e.same_as, e.id)
WHERE t.is_annunciated AND t.time >= %(begin)s AND t.time < %(end)s
  AND (%(gateways)s::text[] IS NULL OR coalesce(m.gateway, t.gateway) = ANY (%(gateways)s))
ORDER BY t.time;

-- name: annunciations_by_priority
SELECT t.priority, count(*) FROM alarm.transition t
LEFT JOIN reading.equipment e ON e.id = t.equipment_id LEFT JOIN reading.equipment m ON m.id = coalesce(e.same_as, e.id)
WHERE t.is_annunciated AND t.time >= %(begin)s AND t.time < %(end)s
  AND (%(gateways)s::text[] IS NULL OR coalesce(m.gateway, t.gateway) = ANY (%(gateways)s))
GROUP BY 1;

-- name: most_frequent
SELECT t.condition_id, count(*) FROM alarm.transition t
LEFT JOIN reading.equipment e ON e.id = t.equipment_id LEFT JOIN reading.equipment m ON m.id = coalesce(e.same_as, e.id)
WHERE t.is_annunciated AND t.time >= %(begin)s AND t.time < %(end)s
  AND (%(gateways)s::text[] IS NULL OR coalesce(m.gateway, t.gateway) = ANY (%(gateways)s))
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %(limit)s;

-- name: chattering
-- Each line of the process that is the last of three within a minute.
SELECT condition_id, count(*) FROM (
  SELECT t.condition_id, t.time, lag(t.time, 2) OVER (PARTITION BY t.condition_id ORDER BY t.time, t.id) AS third_last
  FROM alarm.transition t
  LEFT JOIN reading.equipment e ON e.id = t.equipment_id LEFT JOIN reading.equipment m ON m.id = coalesce(e.same_as, e.id)
  WHERE t.act IN ('activate', 'return_to_normal') AND t.time >= %(begin)s AND t.time < %(end)s
    AND (%(gateways)s::text[] IS NULL OR coalesce(m.gateway, t.gateway) = ANY (%(gateways)s))
) AS line
WHERE time - third_last <= INTERVAL '1 minute'
GROUP BY 1 ORDER BY 2 DESC, 1;

-- name: seconds_to_acknowledge
-- From the newest call before the acknowledgement.
SELECT percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM t.time - called.time))
FROM alarm.transition t
LEFT JOIN reading.equipment e ON e.id = t.equipment_id LEFT JOIN reading.equipment m ON m.id = coalesce(e.same_as, e.id)
CROSS JOIN LATERAL (
  SELECT c.time FROM alarm.transition c
  WHERE c.condition_id = t.condition_id AND c.id < t.id AND c.is_annunciated ORDER BY c.id DESC LIMIT 1
) AS called
WHERE t.act = 'acknowledge' AND t.time >= %(begin)s AND t.time < %(end)s
  AND (%(gateways)s::text[] IS NULL OR coalesce(m.gateway, t.gateway) = ANY (%(gateways)s));

-- name: stale
SELECT c.id FROM alarm.condition c
LEFT JOIN reading.equipment e ON e.id = c.equipment_id LEFT JOIN reading.equipment m ON m.id = coalesce(e.same_as, e.id)
WHERE c.state IN ('unacknowledged', 'acknowledged') AND c.active_since < %(since)s
  AND c.shelved_until IS NULL AND NOT c.is_suppressed AND c.out_of_service_since IS NULL
  AND (%(gateways)s::text[] IS NULL OR coalesce(m.gateway, c.gateway) = ANY (%(gateways)s))
ORDER BY c.active_since, c.id;
