-- name: list
SELECT id, name, label_zh, label_en, time_zone FROM plant.site ORDER BY name;

-- name: gateway_sites
SELECT name, site_id FROM plant.gateway;

-- name: known_gateways
SELECT coalesce(g.name, e.gateway) AS gateway, g.site_id
FROM plant.gateway g FULL JOIN (SELECT DISTINCT gateway FROM reading.equipment WHERE same_as IS NULL) e ON e.gateway = g.name
ORDER BY gateway;

-- name: add
INSERT INTO plant.site (name, label_zh, label_en, time_zone) VALUES (%(name)s, %(label_zh)s, %(label_en)s, %(time_zone)s)
ON CONFLICT DO NOTHING RETURNING id;

-- name: change
UPDATE plant.site SET label_zh = %(label_zh)s, label_en = %(label_en)s, time_zone = %(time_zone)s WHERE id = %(id)s RETURNING id;

-- name: assign
INSERT INTO plant.gateway (name, site_id) SELECT %(gateway)s, id FROM plant.site WHERE id = %(site)s
ON CONFLICT (name) DO UPDATE SET site_id = excluded.site_id RETURNING name;

-- name: release
DELETE FROM plant.gateway WHERE name = %(gateway)s;
