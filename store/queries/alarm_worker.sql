-- name: try_lead
SELECT pg_try_advisory_lock(hashtext('shangyun'), hashtext(%s)), pg_backend_pid();

-- name: still_leads
SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND pid = %s);

-- name: rows_of_machines
-- Whole columns as the bytes of arrays. One descent of the index for each machine: no index begins with the time.
SELECT array_send(array_agg(coalesce(e.same_as, e.id))), array_send(array_agg(r.time)), {arrays}
FROM unnest(%(ids)s::int4[]) AS wanted (id)
JOIN reading.equipment e ON wanted.id = coalesce(e.same_as, e.id)
CROSS JOIN LATERAL (
  SELECT time, {columns} FROM {table} WHERE equipment_id = e.id AND time >= %(start)s AND time < %(end)s
) AS r;

-- name: told_already
-- Lines of the journal that say the same: the time tells it to the microsecond.
SELECT k.place FROM unnest(%(places)s::int4[], %(times)s::timestamptz[], %(ids)s::int4[], %(rules)s::text[], %(gateways)s::text[],
                           %(acts)s::text[]) AS k (place, time, equipment_id, rule, gateway, act)
WHERE EXISTS (
  SELECT FROM alarm.transition t
  WHERE t.time = k.time AND t.rule = k.rule AND t.act = k.act AND t.equipment_id IS NOT DISTINCT FROM k.equipment_id
    AND (k.equipment_id IS NOT NULL OR t.gateway = k.gateway)
);
