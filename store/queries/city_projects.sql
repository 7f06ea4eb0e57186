-- name: projects_found
FROM city.project p
JOIN city.enterprise e ON e.uscc = p.uscc
JOIN city.area a ON a.code = e.area
WHERE (%(id)s::int4 IS NULL OR p.id = %(id)s)
  AND (%(uscc)s::text IS NULL OR p.uscc = %(uscc)s)
  AND (%(states)s::text[] IS NULL OR p.state = ANY (%(states)s::text[]))
  AND (%(search)s = '' OR strpos(lower(concat_ws(' ', p.title, e.name, p.uscc)), lower(%(search)s)) > 0)

-- name: count_projects
SELECT count(*) {found};

-- name: list_projects
SELECT p.id, p.uscc, p.title, p.template, p.provider, p.state, p.cut_over_at, p.accepted_by, p.verified_by, p.created_at,
  p.created_by, e.name, a.label_zh, a.label_en,
  (SELECT count(*) FROM city.project_item i WHERE i.project_id = p.id AND i.state IN ('done', 'not_needed')),
  (SELECT count(*) FROM city.project_item i WHERE i.project_id = p.id)
{found}
ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s;

-- name: add_project
INSERT INTO city.project (uscc, title, template, provider, created_by)
SELECT uscc, %(title)s, %(template)s, %(provider)s, %(actor)s FROM city.enterprise WHERE uscc = %(uscc)s AND retired_at IS NULL
RETURNING id;

-- name: add_items
INSERT INTO city.project_item (project_id, code) SELECT %(project_id)s, unnest(%(codes)s::text[]);

-- name: lock_project
SELECT state, accepted_by, cut_over_at FROM city.project WHERE id = %s FOR UPDATE;

-- name: move_project
UPDATE city.project SET state = %(state)s, cut_over_at = %(cut_over_at)s, accepted_by = %(accepted_by)s, verified_by = %(verified_by)s
WHERE id = %(id)s;

-- name: items
SELECT code, state, owner, due_on, done_on, note FROM city.project_item WHERE project_id = %s;

-- name: change_item
UPDATE city.project_item SET state = %(state)s, owner = %(owner)s, due_on = %(due_on)s, done_on = %(done_on)s, note = %(note)s
WHERE project_id = %(project_id)s AND code = %(code)s RETURNING code;

-- name: scope
SELECT s.id, s.name, s.machine_id, s.strategy, s.dependence, s.longest_interruption_minutes, s.recorded_by,
  coalesce(m.kind, ''), m.gateway, m.equipment_name
FROM city.project_scope s LEFT JOIN city.machine m ON m.id = s.machine_id
WHERE s.project_id = %s ORDER BY s.id;

-- name: add_scope
INSERT INTO city.project_scope (project_id, name, machine_id, strategy, dependence, longest_interruption_minutes, recorded_by)
SELECT p.id, %(name)s, m.id, %(strategy)s, %(dependence)s, %(longest_interruption_minutes)s, %(actor)s
FROM city.project p
LEFT JOIN city.machine m ON m.id = %(machine_id)s AND m.uscc = p.uscc AND m.retired_at IS NULL
WHERE p.id = %(project_id)s AND (%(machine_id)s::int4 IS NULL OR m.id IS NOT NULL)
ON CONFLICT (project_id, name) DO UPDATE SET
  machine_id = excluded.machine_id, strategy = excluded.strategy, dependence = excluded.dependence,
  longest_interruption_minutes = excluded.longest_interruption_minutes, recorded_by = excluded.recorded_by, recorded_at = now()
RETURNING id;

-- name: machines
SELECT id, coalesce(nullif(label, ''), concat_ws(' ', maker, model, serial_number)), kind FROM city.machine
WHERE uscc = %s AND retired_at IS NULL ORDER BY id LIMIT 2000;

-- name: documents
SELECT id, kind, item_code, title, reference, added_at, added_by, withdrawn_at, withdrawn_by
FROM city.project_document WHERE project_id = %s ORDER BY id;

-- name: add_document
INSERT INTO city.project_document (project_id, kind, item_code, title, reference, added_by)
VALUES (%(project_id)s, %(kind)s, %(item_code)s, %(title)s, %(reference)s, %(actor)s) RETURNING id;

-- name: withdraw_document
UPDATE city.project_document SET withdrawn_at = now(), withdrawn_by = %(actor)s
WHERE project_id = %(project_id)s AND id = %(id)s AND withdrawn_at IS NULL RETURNING id;

-- name: tests
SELECT id, stage, type, performed_on, passed, document, note, recorded_at, recorded_by
FROM city.project_test WHERE project_id = %s ORDER BY id;

-- name: add_test
INSERT INTO city.project_test (project_id, stage, type, performed_on, passed, document, note, recorded_by)
VALUES (%(project_id)s, %(stage)s, %(type)s, %(performed_on)s, %(passed)s, %(document)s, %(note)s, %(actor)s) RETURNING id;

-- name: drills
SELECT id, form, performed_on, succeeded, rollback_minutes, document, note, recorded_at, recorded_by
FROM city.project_drill WHERE project_id = %s ORDER BY id;

-- name: add_drill
INSERT INTO city.project_drill (project_id, form, performed_on, succeeded, rollback_minutes, document, note, recorded_by)
VALUES (%(project_id)s, %(form)s, %(performed_on)s, %(succeeded)s, %(rollback_minutes)s, %(document)s, %(note)s, %(actor)s)
RETURNING id;

-- name: declared
SELECT id, category, name, value, unit, document, recorded_at, recorded_by
FROM city.project_declared WHERE project_id = %s ORDER BY category, id;

-- name: add_declared
INSERT INTO city.project_declared (project_id, category, name, value, unit, document, recorded_by)
VALUES (%(project_id)s, %(category)s, %(name)s, %(value)s, %(unit)s, %(document)s, %(actor)s) RETURNING id;

-- name: answers
SELECT DISTINCT ON (duty) id, duty, answer, document, note, recorded_at, recorded_by
FROM city.duty_evidence WHERE project_id = %s ORDER BY duty, id DESC;

-- name: add_answer
INSERT INTO city.duty_evidence (project_id, duty, answer, document, note, recorded_by)
VALUES (%(project_id)s, %(duty)s, %(answer)s, %(document)s, %(note)s, %(actor)s) RETURNING id;

-- name: add_event
INSERT INTO city.project_event (project_id, actor, act, detail) VALUES (%(project_id)s, %(actor)s, %(act)s, %(detail)s);

-- name: events
SELECT id, time, actor, act, detail FROM city.project_event WHERE project_id = %(project_id)s ORDER BY id DESC LIMIT %(limit)s;

-- name: agreements
SELECT id, project_id, provider, target_percent, tiers, monthly_fee_cny, valid_from, valid_to, document, recorded_by
FROM city.service_agreement WHERE project_id = %s ORDER BY id;

-- name: add_agreement
INSERT INTO city.service_agreement (
  project_id, provider, target_percent, tiers, monthly_fee_cny, valid_from, valid_to, document, recorded_by)
VALUES (%(project_id)s, %(provider)s, %(target_percent)s, %(tiers)s, %(monthly_fee_cny)s, %(valid_from)s, %(valid_to)s,
  %(document)s, %(actor)s) RETURNING id;

-- name: maintenance
SELECT id, start_time, end_time, reason, recorded_by FROM city.agreed_maintenance WHERE agreement_id = %s ORDER BY start_time, id;

-- name: add_maintenance
INSERT INTO city.agreed_maintenance (agreement_id, start_time, end_time, reason, recorded_by)
VALUES (%(agreement_id)s, %(start_time)s, %(end_time)s, %(reason)s, %(actor)s) RETURNING id;

-- name: is_frozen
SELECT EXISTS (
  SELECT FROM city.credit_note WHERE agreement_id = %(agreement_id)s
    AND tstzrange(month::timestamp AT TIME ZONE %(zone)s, (month + INTERVAL '1 month')::timestamp AT TIME ZONE %(zone)s)
      && tstzrange(%(start_time)s, %(end_time)s));

-- name: add_credit_note
INSERT INTO city.credit_note (agreement_id, month, credit_cny, content, hash, frozen_by)
VALUES (%(agreement_id)s, %(month)s, %(credit_cny)s, %(content)s, %(hash)s, %(actor)s)
ON CONFLICT (agreement_id, month) DO NOTHING RETURNING id;

-- name: credit_notes
SELECT id, agreement_id, month, credit_cny, content, hash, frozen_at, frozen_by
FROM city.credit_note WHERE agreement_id = %s ORDER BY month;

-- name: machine_minutes
-- Minutes, as seconds since 1970, in which a machine's rows came.
SELECT array_send(array_agg(extract(epoch FROM time)::int8)) FROM reading.{table}
WHERE equipment_id = %(id)s AND time >= %(start)s AND time < %(end)s;

-- name: access_review
-- Signing in is told by the audit log: sessions are forgotten when they end.
SELECT 'user', u.name, u.role, u.sites, u.created_at, u.disabled_at, '' AS created_by,
  (SELECT max(a.time) FROM web.audit a WHERE a.action = 'log_in' AND a.actor = u.name AND a.result = 'done'), NULL::timestamptz
FROM web.user u
UNION ALL
SELECT 'token', t.name, t.role, t.sites, t.created_at, NULL, t.created_by, NULL, t.expires_at
FROM web.token t
ORDER BY 1 DESC, 2;
