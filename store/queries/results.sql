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

-- name: forget_sliding_kpis
-- Of periods that overlap because they slide, the newest is kept beside those that end on the grid of their length.
DELETE FROM result.kpi k
USING jsonb_to_recordset(%(runs)s::jsonb) AS run (equipment_id int4, analytic text, start_time timestamptz, end_time timestamptz)
WHERE (k.equipment_id, k.analytic) = (run.equipment_id, run.analytic)
  AND k.end_time - k.start_time = run.end_time - run.start_time
  AND k.end_time > run.start_time AND k.end_time < run.end_time
  AND k.end_time <> date_bin(run.end_time - run.start_time, k.end_time, %(origin)s);

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
-- A finding that is over meets the row of its time. One that goes on ends by it, unless it has been seen later than that.
UPDATE result.finding f SET
  title = new.title, severity = new.severity, seen_at = greatest(f.seen_at, new.seen_at),
  until = CASE WHEN f.until IS NULL AND new.until < f.seen_at THEN NULL ELSE greatest(f.until, new.until) END,
  since = least(f.since, new.since), confidence = new.confidence, advice = new.advice, evidence = new.evidence,
  effect = new.effect, source = new.source
FROM jsonb_to_recordset(%s::jsonb) AS new (
  number int4, equipment_id int4, analytic text, code text, part text, title jsonb, severity text, since timestamptz,
  until timestamptz, seen_at timestamptz, confidence float8, advice jsonb, evidence jsonb, effect jsonb, source text)
WHERE f.state <> 'closed'
  AND (f.until IS NULL OR (new.until IS NOT NULL AND new.since <= f.until AND new.until >= f.since))
  AND (f.equipment_id, f.analytic, f.code, f.part) = (new.equipment_id, new.analytic, new.code, new.part)
RETURNING new.number, f.id;

-- name: end_findings
-- What the newest run of an analytic on a machine no longer shows.
UPDATE result.finding f SET until = greatest(run.until, f.since)
FROM jsonb_to_recordset(%(runs)s::jsonb) AS run (equipment_id int4, analytic text, until timestamptz)
WHERE f.until IS NULL AND f.state <> 'closed' AND (f.equipment_id, f.analytic) = (run.equipment_id, run.analytic)
  AND NOT EXISTS (
    SELECT FROM jsonb_to_recordset(%(standing)s::jsonb) AS kept (equipment_id int4, analytic text, code text, part text)
    WHERE (kept.equipment_id, kept.analytic, kept.code, kept.part) = (f.equipment_id, f.analytic, f.code, f.part)
  );

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

-- name: write_pictures
INSERT INTO result.picture AS kept (equipment_id, analytic, start_time, end_time, pieces)
SELECT equipment_id, analytic, start_time, end_time, pieces FROM jsonb_to_recordset(%s::jsonb) AS new (
  equipment_id int4, analytic text, start_time timestamptz, end_time timestamptz, pieces jsonb)
ON CONFLICT (equipment_id, analytic) DO UPDATE SET
  start_time = excluded.start_time, end_time = excluded.end_time, pieces = excluded.pieces
WHERE excluded.end_time >= kept.end_time;

-- name: pictures
SELECT p.equipment_id, p.analytic, p.start_time, p.end_time, p.pieces
FROM result.picture p JOIN reading.equipment e ON e.id = p.equipment_id
WHERE coalesce(e.same_as, e.id) = %s ORDER BY p.analytic, p.end_time DESC;

-- name: add_runs
INSERT INTO result.run AS r (equipment_id, analytic, day, evaluated, not_evaluated, failed, last_start, last_end, last_result,
                             last_detail, seconds)
SELECT equipment_id, analytic, (end_time AT TIME ZONE 'UTC' - INTERVAL '1 microsecond')::date,
  count(*) FILTER (WHERE result = 'evaluated'), count(*) FILTER (WHERE result = 'not_evaluated'),
  count(*) FILTER (WHERE result = 'failed'), (array_agg(start_time ORDER BY end_time DESC))[1], max(end_time),
  (array_agg(result ORDER BY end_time DESC))[1], (array_agg(detail ORDER BY end_time DESC))[1], sum(seconds)
FROM jsonb_to_recordset(%s::jsonb) AS new (
  analytic text, equipment_id int4, start_time timestamptz, end_time timestamptz, result text, detail text, seconds float8)
GROUP BY 1, 2, 3
ON CONFLICT (equipment_id, analytic, day) DO UPDATE SET
  evaluated = r.evaluated + excluded.evaluated, not_evaluated = r.not_evaluated + excluded.not_evaluated,
  failed = r.failed + excluded.failed, seconds = r.seconds + excluded.seconds,
  (last_start, last_end, last_result, last_detail) = (
    SELECT CASE WHEN excluded.last_end >= r.last_end THEN excluded.last_start ELSE r.last_start END,
      greatest(excluded.last_end, r.last_end),
      CASE WHEN excluded.last_end >= r.last_end THEN excluded.last_result ELSE r.last_result END,
      CASE WHEN excluded.last_end >= r.last_end THEN excluded.last_detail ELSE r.last_detail END
  );

-- name: last_ends
SELECT equipment_id, analytic, max(last_end) FROM result.run WHERE day >= %s GROUP BY 1, 2;

-- name: evaluated_shares
SELECT equipment_id, analytic, sum(evaluated)::float8 / sum(evaluated + not_evaluated + failed)
FROM result.run WHERE day >= %s GROUP BY 1, 2;

-- name: runs
SELECT equipment_id, analytic, day, evaluated, not_evaluated, failed, last_start, last_end, last_result, last_detail, seconds
FROM result.run WHERE equipment_id = %s AND day >= %s ORDER BY analytic, day;

-- name: models
SELECT id, analytic, equipment_id, role, trained_from, trained_until, made_at, made_by, model
FROM result.model
WHERE role = ANY (%(roles)s::text[]) AND (%(ids)s::int4[] IS NULL OR equipment_id = ANY (%(ids)s::int4[]))
  AND (%(analytics)s::text[] IS NULL OR analytic = ANY (%(analytics)s::text[]))
ORDER BY equipment_id, analytic, made_at;

-- name: champions
SELECT equipment_id, analytic FROM result.model WHERE role = 'champion';

-- name: retire_model
UPDATE result.model SET role = 'retired'
WHERE equipment_id = %(equipment_id)s AND analytic = %(analytic)s AND role = %(role)s;

-- name: add_model
INSERT INTO result.model (analytic, equipment_id, role, trained_from, trained_until, made_at, made_by, model)
VALUES (%(analytic)s, %(equipment_id)s, %(role)s, %(trained_from)s, %(trained_until)s, %(made_at)s, %(made_by)s, %(model)s)
RETURNING id;

-- name: lock_model
SELECT analytic, equipment_id, role FROM result.model WHERE id = %s FOR UPDATE;

-- name: set_model_role
UPDATE result.model SET role = %(role)s WHERE id = %(id)s;

-- name: late_spans
SELECT id, equipment_id, lower(span), upper(span) FROM result.late_span ORDER BY id LIMIT %s;

-- name: forget_late_spans
DELETE FROM result.late_span WHERE id = ANY (%s::int8[]);
