-- What Grafana's panels ask. Grafana fills in $__timeFilter and its like, $__interval_ms and ${variables}; {parts} come from
-- dashboards/grafana. The argument of a macro must not hold a parenthesis. Lists of machines are array literals, which stay valid
-- when there is none. date_bin instead of Grafana's $__timeGroup, whose form differs between PostgreSQL and TimescaleDB.

-- name: gateways
SELECT DISTINCT gateway FROM reading.equipment WHERE same_as IS NULL AND kind = ANY ('{kinds}') ORDER BY 1;

-- name: machines
SELECT e.gateway || ' ' || e.name AS __text, e.id AS __value
FROM reading.equipment e WHERE e.kind = '{kind}' AND e.same_as IS NULL AND e.gateway = ANY ({gateways}) ORDER BY 1;

-- name: rollup
-- Minutes for up to a week, hours beyond: the condition is constant, so the planner leaves one of the two out.
SELECT time, equipment_id, {columns} FROM reading.{kind}_1m
WHERE $__timeFilter(time) AND equipment_id = ANY ({machines})
  AND $__timeTo()::timestamptz - $__timeFrom()::timestamptz <= INTERVAL '7 days'
UNION ALL
SELECT time, equipment_id, {columns} FROM reading.{kind}_1h
WHERE $__timeFilter(time) AND equipment_id = ANY ({machines})
  AND $__timeTo()::timestamptz - $__timeFrom()::timestamptz > INTERVAL '7 days';

-- name: mean_by_machine
SELECT date_bin($__interval_ms * INTERVAL '1 millisecond', r.time, TIMESTAMPTZ '2000-01-01 00:00Z') AS "time",
  e.gateway || ' ' || e.name AS metric, sum(r.mean * r.count) / nullif(sum(r.count), 0) AS value
FROM (
{rollup}
) AS r JOIN reading.equipment e ON e.id = r.equipment_id
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: band
SELECT date_bin($__interval_ms * INTERVAL '1 millisecond', r.time, TIMESTAMPTZ '2000-01-01 00:00Z') AS "time",
  min(r.min)::float8 AS "{minimum}", max(r.max)::float8 AS "{maximum}"
FROM (
{rollup}
) AS r
GROUP BY 1 ORDER BY 1;

-- name: highest_state
SELECT date_bin($__interval_ms * INTERVAL '1 millisecond', r.time, TIMESTAMPTZ '2000-01-01 00:00Z') AS "time",
  e.gateway || ' ' || e.name AS metric, max(r.max)::float8 AS value
FROM (
{rollup}
) AS r JOIN reading.equipment e ON e.id = r.equipment_id
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: newest_values
SELECT e.gateway || ' ' || e.name AS machine, (l."values"->>'{signal}')::float8 AS value
FROM reading.equipment e JOIN reading.latest l ON l.equipment_id = e.id
WHERE e.id = ANY ({machines}) ORDER BY 1;

-- name: machine_table
SELECT e.gateway AS "网关 Gateway", e.name AS "设备 Machine", l.time AS "最后数据 Last data",
  extract(epoch FROM now() - l.time)::float8 AS "数据龄 Age",
{columns}
FROM reading.equipment e LEFT JOIN reading.latest l ON l.equipment_id = e.id
WHERE e.id = ANY ({machines}) ORDER BY 1, 2;

-- name: standing_alarms
SELECT c.priority AS "优先级 Priority", c.state AS "状态 State", c.active_since AS "开始 Since",
  e.gateway || ' ' || e.name AS "设备 Machine", c.title->>'zh' AS "报警", c.title->>'en' AS "Alarm",
  c.value AS "值 Value", c.limit_value AS "限值 Limit"
FROM alarm.condition c JOIN reading.equipment e ON e.id = c.equipment_id
WHERE c.state <> 'normal' AND c.shelved_until IS NULL AND NOT c.is_suppressed AND c.out_of_service_since IS NULL
  AND {chosen}
ORDER BY array_position('{{critical,high,medium,low}}'::text[], c.priority), c.active_since DESC LIMIT 200;

-- name: alarm_counts
SELECT p.label, count(c.id)::float8 AS value
FROM (VALUES (1, 'critical', '紧急 Critical'), (2, 'high', '高 High'), (3, 'medium', '中 Medium'), (4, 'low', '低 Low'))
  AS p (place, priority, label)
LEFT JOIN (alarm.condition c JOIN reading.equipment e ON e.id = c.equipment_id AND e.gateway = ANY ({gateways}))
  ON c.priority = p.priority AND c.state <> 'normal' AND c.shelved_until IS NULL
  AND NOT c.is_suppressed AND c.out_of_service_since IS NULL
GROUP BY p.place, p.label ORDER BY p.place;

-- name: alarms_per_hour
SELECT date_bin($__interval_ms * INTERVAL '1 millisecond', t.time, TIMESTAMPTZ '2000-01-01 00:00Z') AS "time",
  t.priority AS metric, count(*)::float8 AS value
FROM alarm.transition t
WHERE $__timeFilter(t.time) AND t.is_annunciated AND t.gateway = ANY ({gateways})
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: machine_totals
SELECT count(*)::float8 AS "设备 Machines",
  count(*) FILTER (WHERE l.time > now() - INTERVAL '5 minutes')::float8 AS "在报 Reporting",
  count(*) FILTER (WHERE l.time IS NULL OR l.time <= now() - INTERVAL '5 minutes')::float8 AS "无数据 Silent"
FROM reading.equipment e LEFT JOIN reading.latest l ON l.equipment_id = e.id
WHERE e.same_as IS NULL AND e.gateway = ANY ({gateways});

-- name: machines_by_kind
SELECT k.label AS "类型 Kind", count(*)::float8 AS "设备 Machines",
  count(*) FILTER (WHERE l.time > now() - INTERVAL '5 minutes')::float8 AS "在报 Reporting", max(l.time) AS "最后数据 Last data"
FROM (VALUES {kinds}) AS k (kind, label)
JOIN reading.equipment e ON e.kind = k.kind AND e.same_as IS NULL AND e.gateway = ANY ({gateways})
LEFT JOIN reading.latest l ON l.equipment_id = e.id
GROUP BY k.kind, k.label ORDER BY k.kind;

-- name: gateway_table
SELECT e.gateway AS "网关 Gateway", count(*)::float8 AS "设备 Machines", max(l.time) AS "最后数据 Last data",
  extract(epoch FROM now() - max(l.time))::float8 AS "数据龄 Age"
FROM reading.equipment e LEFT JOIN reading.latest l ON l.equipment_id = e.id
WHERE e.same_as IS NULL AND e.gateway = ANY ({gateways})
GROUP BY e.gateway ORDER BY max(l.time) NULLS FIRST, e.gateway;

-- name: rows_of_kind
SELECT time, equipment_id, '{label}' AS label, "{signal}_count" AS rows FROM reading.{kind}_1h WHERE $__timeFilter(time);

-- name: rows_received
SELECT date_bin($__interval_ms * INTERVAL '1 millisecond', r.time, TIMESTAMPTZ '2000-01-01 00:00Z') AS "time",
  r.label AS metric, sum(r.rows)::float8 AS value
FROM (
{branches}
) AS r JOIN reading.equipment e ON e.id = r.equipment_id AND e.gateway = ANY ({gateways})
GROUP BY 1, 2 ORDER BY 1, 2;
