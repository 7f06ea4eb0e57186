-- name: silent_gateways
-- By gateway the newest day with data of its machines, where that is some days back or never was.
SELECT g.name, g.uscc, e.name, e.area, count(m.id), max(s.last_day)
FROM city.gateway g
JOIN city.snapshot_enterprise x ON x.snapshot_id = %(snapshot)s AND x.uscc = g.uscc
JOIN city.enterprise e ON e.uscc = g.uscc
JOIN city.machine m ON m.gateway = g.name AND m.retired_at IS NULL
LEFT JOIN city.snapshot_machine s ON s.snapshot_id = %(snapshot)s AND s.machine_id = m.id
WHERE g.revoked_at IS NULL AND NOT g.is_simulator AND e.retired_at IS NULL AND (%(area)s::text IS NULL OR e.area IN (SELECT city.areas_below(%(area)s)))
GROUP BY g.name, g.uscc, e.name, e.area
HAVING max(s.last_day) IS NULL OR max(s.last_day) < %(before)s
ORDER BY max(s.last_day) DESC NULLS LAST, g.name;

-- name: open_suspicions
SELECT e.area, s.method, count(*), count(DISTINCT s.machine_id)
FROM city.suspicion s JOIN city.machine m ON m.id = s.machine_id JOIN city.enterprise e USING (uscc)
JOIN city.snapshot_enterprise x ON x.snapshot_id = %(snapshot)s AND x.uscc = m.uscc
WHERE s.state = 'open' AND (%(area)s::text IS NULL OR e.area IN (SELECT city.areas_below(%(area)s)))
GROUP BY e.area, s.method ORDER BY e.area, s.method;

-- name: newest_events
-- What a hall may see: enterprises new on the cloud, registrations, gateways, frozen counts. Nothing of suspicions.
(SELECT s.made_at AS at, 'new_on_cloud' AS event, e.name AS name, x.area AS area
 FROM city.snapshot_enterprise x JOIN city.snapshot s ON s.id = x.snapshot_id JOIN city.enterprise e USING (uscc)
 WHERE x.snapshot_id = %(snapshot)s AND x.is_new ORDER BY e.registered_at DESC, e.uscc LIMIT %(limit)s)
UNION ALL
(SELECT registered_at, 'enterprise', name, area FROM city.enterprise WHERE retired_at IS NULL ORDER BY registered_at DESC, uscc LIMIT %(limit)s)
UNION ALL
(SELECT g.enrolled_at, 'gateway', e.name, e.area FROM city.gateway g JOIN city.enterprise e USING (uscc)
 WHERE g.revoked_at IS NULL AND NOT g.is_simulator ORDER BY g.enrolled_at DESC, g.name LIMIT %(limit)s)
UNION ALL
(SELECT made_at, form, '', area FROM city.snapshot WHERE form <> 'day' ORDER BY made_at DESC, id DESC LIMIT %(limit)s)
ORDER BY at DESC, event, name LIMIT %(limit)s;
