-- name: machines
SELECT e.id, e.gateway, e.name, e.kind, coalesce(max(m.time), e.first_seen), max(m.time) IS NOT NULL
FROM reading.equipment own
JOIN reading.equipment e ON e.id = coalesce(own.same_as, own.id)
LEFT JOIN plant.maintenance_entry m ON m.equipment_id = own.id
WHERE (%(gateways)s::text[] IS NULL OR e.gateway = ANY (%(gateways)s::text[]))
GROUP BY e.id ORDER BY e.id;

-- name: findings
SELECT coalesce(e.same_as, e.id), f.severity, CASE f.state WHEN 'confirmed' THEN 1 ELSE f.confidence END
FROM result.finding f JOIN reading.equipment e ON e.id = f.equipment_id
WHERE f.until IS NULL AND f.state <> ALL (ARRAY['rejected', 'closed']);

-- name: alarms
SELECT coalesce(e.same_as, e.id), c.priority, c.active_since
FROM alarm.condition c JOIN reading.equipment e ON e.id = c.equipment_id
WHERE c.state = ANY (ARRAY['unacknowledged', 'acknowledged']) AND c.active_since IS NOT NULL
  AND c.shelved_until IS NULL AND NOT c.is_suppressed AND c.out_of_service_since IS NULL;

-- name: bad_values
-- Seconds times signals that were bad. The index of a machine begins with the start of an interval, so that is bounded as well.
SELECT coalesce(e.same_as, e.id),
  sum(cardinality(q.signals) * extract(epoch FROM least(q.end_time, %(end)s) - greatest(q.start_time, %(start)s)))::float8
FROM reading.quality_interval q JOIN reading.equipment e ON e.id = q.equipment_id
WHERE q.quality >= 128 AND q.start_time < %(end)s AND q.start_time >= %(looked_from)s AND q.end_time > %(start)s
  AND (%(gateways)s::text[] IS NULL OR e.gateway = ANY (%(gateways)s::text[]))
GROUP BY 1;
