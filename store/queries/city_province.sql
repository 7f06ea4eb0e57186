-- name: machine_facts
SELECT area, kind, state, lost_at, count(*) FROM city.snapshot_machine WHERE snapshot_id = %s GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4;

-- name: lock_area
SELECT code FROM city.area WHERE code = %s FOR UPDATE;

-- name: published
SELECT day, revision, content, published_at FROM city.published_facts
WHERE area = %(area)s AND (%(day)s::date IS NULL OR day = %(day)s) ORDER BY day DESC, revision DESC LIMIT 1;

-- name: publish
INSERT INTO city.published_facts (area, day, revision, snapshot_id, content)
VALUES (%(area)s, %(day)s, %(revision)s, %(snapshot_id)s, %(content)s);

-- name: save_city
INSERT INTO city.province_city (city, label_zh, label_en, public_key)
VALUES (%(city)s, %(label_zh)s, %(label_en)s, %(public_key)s)
ON CONFLICT (city) DO UPDATE SET (label_zh, label_en, public_key) = (
  excluded.label_zh, excluded.label_en, coalesce(excluded.public_key, province_city.public_key));

-- name: city_key
SELECT public_key FROM city.province_city WHERE city = %s FOR UPDATE;

-- name: cities
SELECT city, label_zh, label_en, public_key IS NOT NULL FROM city.province_city ORDER BY city;

-- name: revisions
SELECT revision, hash FROM city.province_file WHERE city = %(city)s AND day = %(day)s ORDER BY revision;

-- name: save_file
INSERT INTO city.province_file (city, day, revision, hash, name, is_signed, rule_version, machines, counted, enterprises, on_cloud,
  new_on_cloud, counted_at, read_by)
VALUES (%(city)s, %(day)s, %(revision)s, %(hash)s, %(name)s, %(is_signed)s, %(rule_version)s, %(machines)s, %(counted)s,
  %(enterprises)s, %(on_cloud)s, %(new_on_cloud)s, %(counted_at)s, %(read_by)s);

-- name: save_area
INSERT INTO city.province_area (city, day, revision, area, label_zh, label_en, enterprises, on_cloud, new_on_cloud)
VALUES (%(city)s, %(day)s, %(revision)s, %(area)s, %(label_zh)s, %(label_en)s, %(enterprises)s, %(on_cloud)s, %(new_on_cloud)s);

-- name: save_fact
INSERT INTO city.province_fact (city, day, revision, area, kind, state, lost_at, machines)
VALUES (%(city)s, %(day)s, %(revision)s, %(area)s, %(kind)s, %(state)s, %(lost_at)s, %(machines)s);

-- name: newest_day
SELECT max(day) FROM city.province_file;

-- name: files
-- Of each city and day the newest revision.
SELECT DISTINCT ON (city, day) city, day, revision, name, is_signed, rule_version, machines, counted, enterprises, on_cloud,
  new_on_cloud, counted_at, read_at, hash
FROM city.province_file WHERE day BETWEEN %(first_day)s AND %(last_day)s ORDER BY city, day, revision DESC;

-- name: lost
WITH newest AS (
  SELECT DISTINCT ON (city) city, day, revision FROM city.province_file WHERE day = %(day)s ORDER BY city, revision DESC
)
SELECT f.lost_at, sum(f.machines)::bigint FROM newest JOIN city.province_fact f USING (city, day, revision)
WHERE %(city)s::text IS NULL OR f.city = %(city)s GROUP BY 1;

-- name: kinds
WITH newest AS (
  SELECT DISTINCT ON (city) city, day, revision FROM city.province_file WHERE day = %(day)s ORDER BY city, revision DESC
)
SELECT f.city, f.kind, sum(f.machines)::bigint, coalesce(sum(f.machines) FILTER (WHERE f.lost_at = ''), 0)::bigint
FROM newest JOIN city.province_fact f USING (city, day, revision) GROUP BY 1, 2 ORDER BY 1, 2;

-- name: published_days
SELECT DISTINCT ON (area, day) area, day, revision, published_at FROM city.published_facts
WHERE %(area)s::text IS NULL OR area = %(area)s ORDER BY area, day DESC, revision DESC LIMIT %(limit)s;
