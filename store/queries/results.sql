-- name: write_kpis
-- A period that is computed again, because late data came, replaces what was there.
INSERT INTO result.kpi (equipment_id, name, start_time, end_time, value, unit, uncertainty, validity, reason, analytic)
SELECT equipment_id, name, start_time, end_time, value, unit, uncertainty, validity, reason, analytic
FROM jsonb_to_recordset(%s::jsonb) AS new (
  equipment_id int4, name text, start_time timestamptz, end_time timestamptz, value float8, unit text, uncertainty float8,
  validity text, reason text, analytic text)
ON CONFLICT (equipment_id, name, start_time, end_time) DO UPDATE SET
  value = excluded.value, unit = excluded.unit, uncertainty = excluded.uncertainty, validity = excluded.validity,
  reason = excluded.reason, analytic = excluded.analytic;

-- name: kpis
SELECT e.id, k.name, k.start_time, k.end_time, k.value, k.unit, k.uncertainty, k.validity, k.reason, k.analytic
FROM reading.equipment e
JOIN reading.equipment own ON coalesce(own.same_as, own.id) = e.id
JOIN result.kpi k ON k.equipment_id = own.id
WHERE e.id = ANY (%(ids)s::int4[]) AND (%(gateways)s::text[] IS NULL OR e.gateway = ANY (%(gateways)s::text[]))
  AND (%(names)s::text[] IS NULL OR k.name = ANY (%(names)s::text[]))
  AND k.start_time < %(end)s AND k.end_time > %(start)s
ORDER BY 1, k.name, k.start_time, k.end_time LIMIT %(limit)s;

-- name: update_findings
UPDATE result.finding f SET
  title = new.title, severity = new.severity, until = new.until, seen_at = greatest(f.seen_at, new.seen_at),
  since = least(f.since, new.since), confidence = new.confidence, advice = new.advice, evidence = new.evidence,
  effect = new.effect, source = new.source
FROM jsonb_to_recordset(%s::jsonb) AS new (
  number int4, equipment_id int4, analytic text, code text, part text, title jsonb, severity text, since timestamptz,
  until timestamptz, seen_at timestamptz, confidence float8, advice jsonb, evidence jsonb, effect jsonb, source text)
WHERE f.until IS NULL AND f.state <> 'closed'
  AND (f.equipment_id, f.analytic, f.code, f.part) = (new.equipment_id, new.analytic, new.code, new.part)
RETURNING new.number, f.id;

-- name: insert_findings
INSERT INTO result.finding (
  equipment_id, analytic, code, part, title, severity, since, until, seen_at, confidence, advice, evidence, effect, source)
SELECT equipment_id, analytic, code, part, title, severity, since, until, seen_at, confidence, advice, evidence, effect, source
FROM jsonb_to_recordset(%s::jsonb) AS new (
  number int4, equipment_id int4, analytic text, code text, part text, title jsonb, severity text, since timestamptz,
  until timestamptz, seen_at timestamptz, confidence float8, advice jsonb, evidence jsonb, effect jsonb, source text)
ORDER BY number
ON CONFLICT DO NOTHING;

-- name: findings_found
FROM result.finding f
JOIN reading.equipment own ON own.id = f.equipment_id
JOIN reading.equipment e ON e.id = coalesce(own.same_as, own.id)
WHERE (%(id)s::int4 IS NULL OR f.id = %(id)s)
  AND (%(gateways)s::text[] IS NULL OR e.gateway = ANY (%(gateways)s::text[]))
  AND (%(equipment_ids)s::int4[] IS NULL OR e.id = ANY (%(equipment_ids)s::int4[]))
  AND (%(kinds)s::text[] IS NULL OR e.kind = ANY (%(kinds)s::text[]))
  AND (%(states)s::text[] IS NULL OR f.state = ANY (%(states)s::text[]))
  AND (%(severities)s::text[] IS NULL OR f.severity = ANY (%(severities)s::text[]))
  AND (%(analytic)s::text IS NULL OR f.analytic = %(analytic)s)
  AND (%(search)s = '' OR strpos(lower(concat_ws(' ', e.name, f.part, f.title ->> 'zh', f.title ->> 'en')), lower(%(search)s)) > 0)

-- name: count_findings
SELECT count(*) {found};

-- name: list_findings
SELECT f.id, e.id, f.analytic, f.code, f.part, f.title, f.severity, f.state, f.since, f.until, f.seen_at, f.confidence,
  f.advice, f.evidence, f.effect, f.source, e.gateway, e.name, e.kind
{found}
ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s;

-- name: lock_finding
SELECT state FROM result.finding WHERE id = %s FOR UPDATE;

-- name: set_finding_state
UPDATE result.finding SET state = %(state)s WHERE id = %(id)s;

-- name: add_verdict
INSERT INTO result.finding_verdict (finding_id, time, actor, state_before, state_after, note)
VALUES (%(id)s, %(time)s, %(actor)s, %(before)s, %(state)s, %(note)s);

-- name: verdicts
SELECT time, actor, state_before, state_after, note FROM result.finding_verdict WHERE finding_id = %s ORDER BY time, id;

-- name: add_runs
INSERT INTO result.run (analytic, equipment_id, start_time, end_time, result, detail, seconds)
SELECT * FROM jsonb_to_recordset(%s::jsonb) AS new (
  analytic text, equipment_id int4, start_time timestamptz, end_time timestamptz, result text, detail text, seconds float8);
