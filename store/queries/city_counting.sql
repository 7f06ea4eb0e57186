-- name: prepare_facts
-- Facts are numbered in the order of commits: whoever makes some waits for whoever is making some.
SELECT pg_advisory_xact_lock(hashtext('shangyun day facts'));

-- name: next_number
SELECT nextval('city.day_fact_number');

-- name: save_point_set
WITH added AS (
  INSERT INTO city.point_set (kind, signals) VALUES (%(kind)s, %(signals)s) ON CONFLICT DO NOTHING RETURNING id
)
SELECT id FROM added UNION ALL SELECT id FROM city.point_set WHERE kind = %(kind)s AND signals = %(signals)s LIMIT 1;

-- name: point_sets
SELECT id, signals FROM city.point_set;

-- name: named_points
-- Points that any rule asks for.
SELECT DISTINCT point FROM city.rule
CROSS JOIN LATERAL jsonb_array_elements_text(parameters -> 'required_points' -> %s::text) AS named (point) ORDER BY 1;

-- name: hours_of_kind
-- A row of the rollup is an hour in which something came; on which local day it is, its beginning says.
SELECT (time AT TIME ZONE %(zone)s)::date AS day, count(*)::smallint AS hours, ARRAY[{points}]::smallint[] AS point_hours
FROM {source} WHERE equipment_id = machine.id AND time >= %(start)s AND time < %(end)s
GROUP BY 1

-- name: hours_of_other
SELECT (time AT TIME ZONE %(zone)s)::date AS day, count(DISTINCT date_trunc('hour', time))::smallint AS hours,
  '{{}}'::smallint[] AS point_hours
FROM {source} WHERE equipment_id = machine.id AND time >= %(start)s AND time < %(end)s
GROUP BY 1

-- name: make_facts
-- What has changed replaces what was there, which stays for whoever counts with an older watermark. A day that lost all of its hours
-- keeps a row with none, so that it does not read as if it had never been.
WITH made AS (
  SELECT machine.id AS equipment_id, day.* FROM unnest(%(ids)s::int4[]) AS machine (id)
  CROSS JOIN LATERAL ({hours}) AS day
), standing AS (
  SELECT * FROM city.day_fact WHERE equipment_id = ANY (%(ids)s) AND day >= %(first_day)s AND day < %(end_day)s
), changed AS MATERIALIZED (
  SELECT equipment_id, day, coalesce(made.hours, 0::smallint) AS hours,
    CASE WHEN made.hours IS NULL THEN standing.point_set_id ELSE %(point_set)s END AS point_set_id,
    coalesce(made.point_hours, array_fill(0::smallint, ARRAY[cardinality(standing.point_hours)])) AS point_hours
  FROM made FULL JOIN standing USING (equipment_id, day)
  WHERE CASE WHEN made.hours IS NULL THEN standing.hours > 0
    ELSE (made.hours, %(point_set)s, made.point_hours) IS DISTINCT FROM (standing.hours, standing.point_set_id, standing.point_hours) END
), superseded AS (
  INSERT INTO city.day_fact_superseded (equipment_id, day, number, point_set_id, hours, point_hours, superseded_by)
  SELECT s.equipment_id, s.day, s.number, s.point_set_id, s.hours, s.point_hours, %(number)s
  FROM standing s JOIN changed USING (equipment_id, day)
)
INSERT INTO city.day_fact (equipment_id, day, number, point_set_id, hours, point_hours)
SELECT equipment_id, day, %(number)s, point_set_id, hours, point_hours FROM changed
ON CONFLICT (equipment_id, day) DO UPDATE SET (number, point_set_id, hours, point_hours) = (
  excluded.number, excluded.point_set_id, excluded.hours, excluded.point_hours);

-- name: zones
-- Time zones of machines, with the machines of each by kind; a gateway that is at no site is in the default zone.
SELECT coalesce(s.time_zone, %(zone)s), e.kind, array_agg(e.id ORDER BY e.id)
FROM reading.equipment e
LEFT JOIN plant.gateway g ON g.name = e.gateway
LEFT JOIN plant.site s ON s.id = g.site_id
WHERE e.kind <> ''
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: first_time
SELECT min(first.time) FROM unnest(%(ids)s::int4[]) AS machine (id)
CROSS JOIN LATERAL (SELECT min(time) FROM {source} WHERE equipment_id = machine.id) AS first (time);

-- name: hours_made
SELECT done_until, kept_from FROM store.level WHERE name = '1h';

-- name: progress
SELECT time_zone, last_day FROM city.fact_progress;

-- name: raise_progress
INSERT INTO city.fact_progress AS p (time_zone, last_day) VALUES (%(zone)s, %(day)s)
ON CONFLICT (time_zone) DO UPDATE SET last_day = greatest(p.last_day, excluded.last_day);

-- name: facts_due
SELECT id, equipment_id, lower(span), upper(span) FROM city.fact_due ORDER BY id LIMIT %s;

-- name: forget_facts_due
DELETE FROM city.fact_due WHERE id = ANY (%s::int8[]);

-- name: watermark
SELECT coalesce(max(number), 0) FROM city.day_fact;

-- name: facts
-- As they stood at a watermark, whole columns by point set. There is no array of empty arrays, so these come as one -1 each.
SELECT point_set_id, array_send(array_agg(equipment_id)), array_send(array_agg(day - DATE '1970-01-01')),
  array_send(array_agg(hours)),
  array_send(array_agg(CASE WHEN cardinality(point_hours) = 0 THEN '{-1}' ELSE point_hours END))
FROM (
  SELECT equipment_id, day, point_set_id, hours, point_hours FROM city.day_fact
  WHERE equipment_id = ANY (%(ids)s) AND day >= %(first_day)s AND day <= %(last_day)s AND number <= %(watermark)s
  UNION ALL
  SELECT equipment_id, day, point_set_id, hours, point_hours FROM city.day_fact_superseded
  WHERE equipment_id = ANY (%(ids)s) AND day >= %(first_day)s AND day <= %(last_day)s AND number <= %(watermark)s
    AND superseded_by > %(watermark)s
) AS fact
WHERE hours > 0 GROUP BY point_set_id ORDER BY point_set_id;

-- name: fact_spans
-- First and last day with data of each machine, up to a day, as it stood at a watermark.
WITH before AS MATERIALIZED (
  SELECT equipment_id, min(day) AS first_day, max(day) AS last_day FROM city.day_fact_superseded
  WHERE equipment_id = ANY (%(ids)s::int4[]) AND day <= %(last_day)s AND number <= %(watermark)s AND superseded_by > %(watermark)s
    AND hours > 0
  GROUP BY equipment_id
)
SELECT machine.id, least(now.first_day, before.first_day), greatest(now.last_day, before.last_day)
FROM unnest(%(ids)s::int4[]) AS machine (id)
CROSS JOIN LATERAL (
  SELECT (SELECT day FROM city.day_fact
          WHERE equipment_id = machine.id AND day <= %(last_day)s AND number <= %(watermark)s AND hours > 0 ORDER BY day LIMIT 1),
         (SELECT day FROM city.day_fact
          WHERE equipment_id = machine.id AND day <= %(last_day)s AND number <= %(watermark)s AND hours > 0 ORDER BY day DESC LIMIT 1)
) AS now (first_day, last_day)
LEFT JOIN before ON before.equipment_id = machine.id;

-- name: calendar
SELECT f.day, f.hours, p.signals, f.point_hours FROM city.day_fact f JOIN city.point_set p ON p.id = f.point_set_id
WHERE f.equipment_id = %(equipment)s AND f.day >= %(first_day)s AND f.day <= %(last_day)s ORDER BY f.day;

-- name: read_one_moment
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;

-- name: allow_long
-- Between two statements of a large city the program counts for longer than a stuck worker may hold a transaction.
SET LOCAL idle_in_transaction_session_timeout = '15min';

-- name: machines_to_count
-- What the registry says of each machine, without what is empty; instants as in UTC, which every session of ours has. Twins stand city-wide, whatever part is counted.
SELECT m.id, q.id, m.uscc, e.area, m.kind, jsonb_strip_nulls(jsonb_build_object(
  'label', nullif(m.label, ''), 'maker', nullif(m.maker, ''), 'model', nullif(m.model, ''), 'serial_number', nullif(m.serial_number, ''),
  'nameplate', nullif(m.nameplate_key, ''), 'registration_code', nullif(m.registration_code, ''),
  'registered_at', m.registered_at, 'retired_at', m.retired_at, 'simulator', nullif(m.is_simulator, false),
  'enterprise', e.name, 'code_problem', CASE e.code_state WHEN 'valid' THEN NULL ELSE e.code_problem END, 'head', e.head_uscc,
  'enterprise_retired_at', e.retired_at, 'area_valid_from', a.valid_from, 'area_valid_to', a.valid_to,
  'gateway', nullif(m.gateway, ''), 'equipment', nullif(m.equipment_name, ''), 'gateway_uscc', g.uscc,
  'gateway_revoked_at', g.revoked_at, 'gateway_simulator', nullif(g.is_simulator, false),
  'certificate', encode(g.certificate_sha256, 'hex'), 'certificate_also', shared.names, 'sends', nullif(q.kind, m.kind),
  'twins', twin.ids, 'first_twin', twin.first, 'suspicions', suspicion.list, 'hold', h.told))
FROM city.machine m
JOIN city.enterprise e ON e.uscc = m.uscc
JOIN city.area a ON a.code = e.area
LEFT JOIN city.gateway g ON g.name = m.gateway
LEFT JOIN reading.equipment named ON named.gateway = m.gateway AND named.name = m.equipment_name AND m.gateway <> ''
LEFT JOIN reading.equipment q ON q.id = coalesce(named.same_as, named.id)
LEFT JOIN LATERAL (
  SELECT array_agg(o.name ORDER BY o.name) FROM city.gateway o
  WHERE o.certificate_sha256 = g.certificate_sha256 AND o.name <> g.name AND o.revoked_at IS NULL
) AS shared (names) ON true
LEFT JOIN LATERAL (
  SELECT array_agg(t.id ORDER BY t.id) FILTER (WHERE t.id <> m.id), (array_agg(t.id ORDER BY t.registered_at, t.id))[1]
  FROM city.machine t WHERE t.nameplate_key = m.nameplate_key AND t.nameplate_key <> '' AND t.retired_at IS NULL HAVING count(*) > 1
) AS twin (ids, first) ON true
LEFT JOIN LATERAL (
  SELECT jsonb_agg(jsonb_build_object('id', s.id, 'method', s.method, 'state', s.state, 'since', s.since, 'until', s.until) ORDER BY s.id)
  FROM city.suspicion s WHERE s.machine_id = m.id AND s.state <> 'cleared'
) AS suspicion (list) ON true
LEFT JOIN LATERAL (
  SELECT jsonb_build_object('id', id, 'reason', reason, 'placed_at', placed_at)
  FROM city.hold WHERE machine_id = m.id AND released_at IS NULL
) AS h (told) ON true
WHERE m.id > %(after)s AND e.area IN (SELECT city.areas_below(%(area)s))
ORDER BY m.id LIMIT %(limit)s;

-- name: count_registered
SELECT count(*) FROM city.machine;

-- name: enterprises_to_count
-- Of what is declared, the latest year up to the one that is counted.
SELECT e.uscc, e.area, e.department, e.sector, jsonb_strip_nulls(jsonb_build_object(
  'name', e.name, 'head', e.head_uscc, 'retired', e.retired_at, 'declared_year', d.year, 'declared', d.kinds,
  'first_counted', (
    SELECT min(s.last_day) FROM city.snapshot_enterprise c JOIN city.snapshot s ON s.id = c.snapshot_id
    WHERE c.uscc = e.uscc AND c.is_on_cloud AND s.form <> 'day' AND s.last_day < %(new_since)s
      AND NOT EXISTS (SELECT FROM city.snapshot r WHERE r.replaces = s.id))))
FROM city.enterprise e
LEFT JOIN LATERAL (
  SELECT year, jsonb_object_agg(kind, machines) FROM city.declaration
  WHERE uscc = e.uscc AND year <= %(year)s GROUP BY year ORDER BY year DESC LIMIT 1
) AS d (year, kinds) ON true
WHERE e.area IN (SELECT city.areas_below(%(area)s))
ORDER BY e.uscc;

-- name: save_rule
INSERT INTO city.rule (version, parameters, document, made_by) VALUES (%(version)s, %(parameters)s, %(document)s, %(made_by)s)
ON CONFLICT DO NOTHING RETURNING version;

-- name: rules
SELECT version, parameters, document, made_at, made_by FROM city.rule ORDER BY made_at DESC, version DESC;

-- name: next_snapshot
SELECT nextval(pg_get_serial_sequence('city.snapshot', 'id'));

-- name: save_snapshot
INSERT INTO city.snapshot (id, form, first_day, last_day, area, rule_version, parameters, watermark, hash, machines, counted,
  enterprises, on_cloud, new_on_cloud, made_by, replaces, why)
OVERRIDING SYSTEM VALUE
VALUES (%(id)s, %(form)s, %(first_day)s, %(last_day)s, %(area)s, %(rule_version)s, %(parameters)s, %(watermark)s, %(hash)s,
  %(machines)s, %(counted)s, %(enterprises)s, %(on_cloud)s, %(new_on_cloud)s, %(made_by)s, %(replaces)s, %(why)s);

-- name: copy_machines
COPY city.snapshot_machine (snapshot_id, machine_id, equipment_id, uscc, area, kind, state, lost_at, reason, inputs, first_day,
  last_day, data_days, complete_days) FROM STDIN;

-- name: copy_enterprises
COPY city.snapshot_enterprise (snapshot_id, uscc, area, department, sector, machines, counted, declared, is_on_cloud, is_new, inputs)
FROM STDIN;

-- name: frozen_machines
SELECT machine_id, equipment_id, uscc, area, kind, inputs, state, lost_at, reason, first_day, last_day, data_days, complete_days
FROM city.snapshot_machine
WHERE snapshot_id = %(snapshot)s AND machine_id > %(after)s AND (%(only)s::int4[] IS NULL OR machine_id = ANY (%(only)s))
ORDER BY machine_id LIMIT %(limit)s;

-- name: frozen_enterprises
SELECT uscc, area, department, sector, inputs, machines, counted, declared, is_on_cloud, is_new
FROM city.snapshot_enterprise WHERE snapshot_id = %s ORDER BY uscc;

-- name: tops
-- Areas that are in no other and hold an enterprise, in themselves or below.
SELECT code FROM city.area top WHERE parent IS NULL
  AND EXISTS (SELECT FROM city.enterprise WHERE area IN (SELECT city.areas_below(top.code))) ORDER BY code;

-- name: old_day_snapshots
-- The newest of an area always stays.
SELECT id FROM city.snapshot s WHERE form = 'day' AND last_day < %s
  AND EXISTS (SELECT FROM city.snapshot n WHERE n.area = s.area AND n.form = 'day' AND n.id > s.id AND n.last_day >= s.last_day);

-- name: delete_snapshot_machines
DELETE FROM city.snapshot_machine WHERE snapshot_id = %s;

-- name: delete_snapshot_enterprises
DELETE FROM city.snapshot_enterprise WHERE snapshot_id = %s;

-- name: delete_snapshot
DELETE FROM city.snapshot WHERE id = %s;

-- name: snapshots_found
FROM city.snapshot s LEFT JOIN city.snapshot r ON r.replaces = s.id
WHERE (%(id)s::int IS NULL OR s.id = %(id)s)
  AND (%(area)s::text IS NULL OR s.area = %(area)s)
  AND (%(forms)s::text[] IS NULL OR s.form = ANY (%(forms)s))
  AND (%(until)s::date IS NULL OR s.last_day <= %(until)s)
  AND (%(with_replaced)s OR r.id IS NULL)

-- name: count_snapshots
SELECT count(*) {found};

-- name: list_snapshots
SELECT s.id, s.form, s.first_day, s.last_day, s.area, s.rule_version, s.parameters, s.watermark, s.hash, s.machines, s.counted,
  s.enterprises, s.on_cloud, s.new_on_cloud, s.made_by, s.replaces, s.why, s.made_at, r.id
{found} ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s;

-- name: lost_at
SELECT m.lost_at, count(*) FROM city.snapshot_machine m
JOIN city.snapshot_enterprise e ON (e.snapshot_id, e.uscc) = (m.snapshot_id, m.uscc)
WHERE m.snapshot_id = %(snapshot)s
  AND (%(area)s::text IS NULL OR m.area IN (SELECT city.areas_below(%(area)s)))
  AND (%(kind)s::text IS NULL OR m.kind = %(kind)s)
  AND (%(department)s::text IS NULL OR e.department = %(department)s)
GROUP BY 1;

-- name: by_area_and_kind
SELECT area, kind, count(*), count(*) FILTER (WHERE lost_at = ''), count(*) FILTER (WHERE state = 'silent'), sum(data_days),
  sum(complete_days)
FROM city.snapshot_machine
WHERE snapshot_id = %(snapshot)s AND (%(area)s::text IS NULL OR area IN (SELECT city.areas_below(%(area)s)))
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: by_state
SELECT state, count(*) FROM city.snapshot_machine
WHERE snapshot_id = %(snapshot)s AND (%(area)s::text IS NULL OR area IN (SELECT city.areas_below(%(area)s))) GROUP BY 1 ORDER BY 1;

-- name: figures_by_area
SELECT place.code, a.label_zh, a.label_en, coalesce(e.enterprises, 0), coalesce(e.on_cloud, 0), coalesce(e.new_on_cloud, 0),
  coalesce(m.machines, 0), coalesce(m.counted, 0), e.declared, e.counted_of_declared
FROM city.snapshot s CROSS JOIN LATERAL city.areas_below(s.area) AS place (code) JOIN city.area a ON a.code = place.code
LEFT JOIN (
  SELECT area, count(*) FILTER (WHERE NOT inputs ? 'retired') AS enterprises, count(*) FILTER (WHERE is_on_cloud) AS on_cloud,
    count(*) FILTER (WHERE is_new) AS new_on_cloud, sum(declared) AS declared,
    sum(counted) FILTER (WHERE declared IS NOT NULL) AS counted_of_declared
  FROM city.snapshot_enterprise WHERE snapshot_id = %(snapshot)s GROUP BY 1
) AS e ON e.area = place.code
LEFT JOIN (
  SELECT area, count(*) AS machines, count(*) FILTER (WHERE lost_at = '') AS counted
  FROM city.snapshot_machine WHERE snapshot_id = %(snapshot)s GROUP BY 1
) AS m ON m.area = place.code
WHERE s.id = %(snapshot)s
  AND (e.area IS NOT NULL OR m.area IS NOT NULL
    OR NOT EXISTS (SELECT FROM city.area child WHERE child.parent = place.code))
ORDER BY place.code;

-- name: figures_by_department
SELECT e.department, d.label_zh, d.label_en, count(*) FILTER (WHERE NOT e.inputs ? 'retired'), count(*) FILTER (WHERE e.is_on_cloud),
  count(*) FILTER (WHERE e.is_new), sum(e.machines), sum(e.counted), sum(e.declared), sum(e.counted) FILTER (WHERE e.declared IS NOT NULL)
FROM city.snapshot_enterprise e LEFT JOIN city.department d ON d.code = e.department
WHERE e.snapshot_id = %(snapshot)s AND (%(area)s::text IS NULL OR e.area IN (SELECT city.areas_below(%(area)s)))
GROUP BY 1, 2, 3 ORDER BY 1;

-- name: figures_over_time
SELECT s.id, s.form, s.last_day, count(DISTINCT e.uscc) FILTER (WHERE NOT e.inputs ? 'retired'),
  count(DISTINCT e.uscc) FILTER (WHERE e.is_on_cloud), count(DISTINCT e.uscc) FILTER (WHERE e.is_new), coalesce(sum(e.machines), 0),
  coalesce(sum(e.counted), 0)
FROM (
  SELECT id, form, last_day FROM (
    SELECT DISTINCT ON (last_day) id, form, last_day FROM city.snapshot n
    WHERE area = %(of)s AND form = %(form)s AND NOT EXISTS (SELECT FROM city.snapshot r WHERE r.replaces = n.id)
    ORDER BY last_day DESC, id DESC
  ) AS newest_of_day ORDER BY last_day DESC LIMIT %(limit)s
) AS s
LEFT JOIN city.snapshot_enterprise e ON e.snapshot_id = s.id
  AND (%(area)s::text IS NULL OR e.area IN (SELECT city.areas_below(%(area)s)))
GROUP BY 1, 2, 3 ORDER BY 3;

-- name: machines_found
FROM city.snapshot_machine m
LEFT JOIN city.snapshot_enterprise e ON (e.snapshot_id, e.uscc) = (m.snapshot_id, m.uscc)
LEFT JOIN city.machine r ON r.id = m.machine_id
LEFT JOIN city.enterprise n ON n.uscc = m.uscc
WHERE m.snapshot_id = %(snapshot)s
  AND (%(machine)s::int IS NULL OR m.machine_id = %(machine)s)
  AND (%(area)s::text IS NULL OR m.area IN (SELECT city.areas_below(%(area)s)))
  AND (%(kinds)s::text[] IS NULL OR m.kind = ANY (%(kinds)s))
  AND (%(uscc)s::text IS NULL OR m.uscc = %(uscc)s)
  AND (%(department)s::text IS NULL OR e.department = %(department)s)
  AND (%(lost_at)s::text[] IS NULL OR m.lost_at = ANY (%(lost_at)s))
  AND (%(states)s::text[] IS NULL OR m.state = ANY (%(states)s))
  AND (%(search)s = '' OR position(lower(%(search)s) IN lower(concat_ws(' ', m.uscc, coalesce(m.inputs ->> 'enterprise', n.name),
    coalesce(m.inputs ->> 'label', r.label), coalesce(m.inputs ->> 'maker', r.maker), coalesce(m.inputs ->> 'model', r.model),
    coalesce(m.inputs ->> 'serial_number', r.serial_number)))) > 0)

-- name: count_machines
SELECT count(*) {found};

-- name: list_machines
SELECT m.machine_id, m.equipment_id, m.uscc, coalesce(m.inputs ->> 'enterprise', n.name, ''), coalesce(m.inputs ->> 'label', r.label, ''),
  m.area, e.department, m.kind, m.state, m.lost_at, m.reason, m.inputs, m.first_day, m.last_day, m.data_days, m.complete_days
{found} ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s;

-- name: enterprises_found
FROM city.snapshot_enterprise e LEFT JOIN city.enterprise n ON n.uscc = e.uscc
WHERE e.snapshot_id = %(snapshot)s
  AND (%(area)s::text IS NULL OR e.area IN (SELECT city.areas_below(%(area)s)))
  AND (%(department)s::text IS NULL OR e.department = %(department)s)
  AND (%(sector)s::text IS NULL OR e.sector = %(sector)s)
  AND (%(uscc)s::text IS NULL OR e.uscc = %(uscc)s)
  AND (%(is_on_cloud)s::boolean IS NULL OR e.is_on_cloud = %(is_on_cloud)s)
  AND (%(is_new)s::boolean IS NULL OR e.is_new = %(is_new)s)
  AND (%(search)s = '' OR position(lower(%(search)s) IN lower(concat_ws(' ', e.uscc, coalesce(e.inputs ->> 'name', n.name)))) > 0)

-- name: count_enterprises
SELECT count(*) {found};

-- name: list_enterprises
SELECT e.uscc, coalesce(e.inputs ->> 'name', n.name, ''), e.area, e.department, e.sector, e.machines, e.counted, e.declared,
  e.is_on_cloud, e.is_new, e.inputs
{found} ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s;

-- name: counted_in
-- Snapshots in which a machine is, the newest first.
SELECT s.id, s.form, s.last_day, m.state, m.lost_at, m.reason FROM city.snapshot_machine m JOIN city.snapshot s ON s.id = m.snapshot_id
WHERE m.machine_id = %(machine)s ORDER BY s.last_day DESC, s.id DESC LIMIT %(limit)s;

-- name: differences
SELECT machine_id, coalesce(b.uscc, a.uscc), coalesce(b.kind, a.kind), a.area, b.area, a.lost_at, b.lost_at, a.reason, b.reason,
  coalesce(b.inputs ->> 'label', a.inputs ->> 'label', ''), coalesce(b.inputs ->> 'enterprise', a.inputs ->> 'enterprise', '')
FROM (SELECT * FROM city.snapshot_machine WHERE snapshot_id = %(before)s) AS a
FULL JOIN (SELECT * FROM city.snapshot_machine WHERE snapshot_id = %(after)s) AS b USING (machine_id)
WHERE (coalesce(a.lost_at = '', false) OR coalesce(b.lost_at = '', false))
  AND ((a.lost_at, a.area) IS DISTINCT FROM (b.lost_at, b.area))
ORDER BY machine_id;
