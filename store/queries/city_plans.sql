-- name: newest_decisions
SELECT DISTINCT ON (number) number, reading, why, decided_at, decided_by FROM city.policy_decision ORDER BY number, id DESC;

-- name: decisions
SELECT number, reading, why, decided_at, decided_by FROM city.policy_decision ORDER BY id DESC;

-- name: add_decision
INSERT INTO city.policy_decision (number, reading, why, decided_by) VALUES (%(number)s, %(reading)s, %(why)s, %(decided_by)s);

-- name: save_plan
INSERT INTO city.plan (code, area, label_zh, label_en, document, first_day, last_day, loaded_by)
VALUES (%(code)s, %(area)s, %(label_zh)s, %(label_en)s, %(document)s, %(first_day)s, %(last_day)s, %(loaded_by)s)
ON CONFLICT (code) DO UPDATE SET (area, label_zh, label_en, document, first_day, last_day, loaded_at, loaded_by) = (
  excluded.area, excluded.label_zh, excluded.label_en, excluded.document, excluded.first_day, excluded.last_day, now(),
  excluded.loaded_by)
WHERE (plan.area, plan.label_zh, plan.label_en, plan.document, plan.first_day, plan.last_day) IS DISTINCT FROM (
  excluded.area, excluded.label_zh, excluded.label_en, excluded.document, excluded.first_day, excluded.last_day)
RETURNING code;

-- name: plans
SELECT code, area, label_zh, label_en, document, first_day, last_day, loaded_by FROM city.plan ORDER BY first_day, code;

-- name: delete_phases
DELETE FROM city.plan_phase WHERE plan = %s;

-- name: add_phase
INSERT INTO city.plan_phase (plan, number, label_zh, label_en, first_day, last_day, clause)
VALUES (%(plan)s, %(number)s, %(label_zh)s, %(label_en)s, %(first_day)s, %(last_day)s, %(clause)s);

-- name: phases
SELECT number, label_zh, label_en, first_day, last_day, clause FROM city.plan_phase WHERE plan = %s ORDER BY number;

-- name: save_target
INSERT INTO city.target (plan, code, counter, dimension, member, holders, first_day, last_day, bound, low, high, every_year, role,
  document, clause, note_zh, note_en)
VALUES (%(plan)s, %(code)s, %(counter)s, %(dimension)s, %(member)s, %(holders)s, %(first_day)s, %(last_day)s, %(bound)s, %(low)s,
  %(high)s, %(every_year)s, %(role)s, %(document)s, %(clause)s, %(note_zh)s, %(note_en)s)
ON CONFLICT (plan, code) DO UPDATE SET (counter, dimension, member, holders, first_day, last_day, bound, low, high, every_year, role,
  document, clause, note_zh, note_en) = (
  excluded.counter, excluded.dimension, excluded.member, excluded.holders, excluded.first_day, excluded.last_day, excluded.bound,
  excluded.low, excluded.high, excluded.every_year, excluded.role, excluded.document, excluded.clause, excluded.note_zh,
  excluded.note_en)
WHERE (target.counter, target.dimension, target.member, target.holders, target.first_day, target.last_day, target.bound, target.low,
  target.high, target.every_year, target.role, target.document, target.clause, target.note_zh, target.note_en) IS DISTINCT FROM (
  excluded.counter, excluded.dimension, excluded.member, excluded.holders, excluded.first_day, excluded.last_day, excluded.bound,
  excluded.low, excluded.high, excluded.every_year, excluded.role, excluded.document, excluded.clause, excluded.note_zh,
  excluded.note_en)
RETURNING code;

-- name: delete_other_targets
DELETE FROM city.target WHERE plan = %(plan)s AND code <> ALL (%(codes)s) RETURNING code;

-- name: targets
SELECT code, counter, dimension, member, holders, first_day, last_day, bound, low, high, every_year, role, document, clause, note_zh,
  note_en
FROM city.target WHERE plan = %s ORDER BY id;

-- name: on_cloud
SELECT area, coalesce(department, ''), sector, count(*) FROM city.snapshot_enterprise
WHERE snapshot_id = %s AND is_on_cloud GROUP BY 1, 2, 3;

-- name: new_on_cloud
-- On the cloud in any count of the period, and in no frozen one before; where it was last counted is where it counts.
WITH standing AS (
  SELECT s.id, s.form, s.last_day FROM city.snapshot s
  WHERE s.area = %(scope)s AND s.last_day <= %(last_day)s
    AND NOT EXISTS (SELECT FROM city.snapshot newer WHERE newer.replaces = s.id)
), came AS (
  SELECT DISTINCT ON (e.uscc) e.uscc, e.area, e.department, e.sector
  FROM city.snapshot_enterprise e JOIN standing s ON s.id = e.snapshot_id
  WHERE s.last_day >= %(first_day)s AND e.is_on_cloud
  ORDER BY e.uscc, s.last_day DESC, s.id DESC
)
SELECT area, coalesce(department, ''), sector, count(*) FROM came
WHERE NOT EXISTS (
  SELECT FROM city.snapshot_enterprise e JOIN standing s ON s.id = e.snapshot_id
  WHERE e.uscc = came.uscc AND e.is_on_cloud AND s.form <> 'day' AND s.last_day < %(first_day)s)
GROUP BY 1, 2, 3;

-- name: on_cloud_by_day
-- Of a scope: how many enterprises were on the cloud at the end of each frozen count, and in the newest one.
SELECT DISTINCT ON (s.last_day) s.last_day, s.on_cloud FROM city.snapshot s
WHERE s.area = %(scope)s AND s.last_day BETWEEN %(first_day)s AND %(last_day)s
  AND NOT EXISTS (SELECT FROM city.snapshot newer WHERE newer.replaces = s.id)
ORDER BY s.last_day, s.id DESC;

-- name: labelled
-- Enterprises that were given a label in the period and still have it on a day.
SELECT l.label, l.level, l.form, e.area, coalesce(e.department, ''), e.sector, l.uscc
FROM city.enterprise_label l JOIN city.enterprise e USING (uscc)
WHERE l.label = ANY (%(labels)s) AND l.valid_from BETWEEN %(first_day)s AND %(last_day)s
  AND (l.valid_to IS NULL OR l.valid_to >= %(as_of)s);

-- name: starred
-- Enterprises that were rated with a star in the period; the highest that each was given counts.
SELECT area, department, sector, star, count(*) FROM (
  SELECT DISTINCT ON (a.uscc) e.area, coalesce(e.department, '') AS department, e.sector, a.star
  FROM city.star_application a JOIN city.enterprise e USING (uscc)
  WHERE a.state IN ('rated', 'published') AND a.rated_on BETWEEN %(first_day)s AND %(last_day)s
  ORDER BY a.uscc, a.star DESC
) AS rated GROUP BY 1, 2, 3, 4;

-- name: trainings_held
SELECT count(DISTINCT t.id), count(DISTINCT p.uscc)
FROM city.training t LEFT JOIN city.training_participant p ON p.training_id = t.id
WHERE t.area IN (SELECT city.areas_below(%(area)s)) AND t.held_on BETWEEN %(first_day)s AND %(last_day)s;

-- name: newest_figure
SELECT counter, as_of, value, document, declared_by, declared_at FROM city.declared_figure
WHERE area = %(area)s AND counter = %(counter)s AND as_of <= %(last_day)s ORDER BY as_of DESC, id DESC LIMIT 1;

-- name: figures
SELECT counter, as_of, value, document, declared_by, declared_at FROM city.declared_figure WHERE area = %s
ORDER BY as_of DESC, id DESC LIMIT 200;

-- name: add_figure
INSERT INTO city.declared_figure (area, counter, as_of, value, document, declared_by)
VALUES (%(area)s, %(counter)s, %(as_of)s, %(value)s, %(document)s, %(declared_by)s);

-- name: add_training
INSERT INTO city.training (area, held_on, title, organisers, document, recorded_by)
VALUES (%(area)s, %(held_on)s, %(title)s, %(organisers)s, %(document)s, %(recorded_by)s)
ON CONFLICT (area, held_on, title) DO NOTHING RETURNING id;

-- name: add_participants
INSERT INTO city.training_participant (training_id, uscc) SELECT %(id)s, unnest(%(codes)s::text[]);

-- name: trainings
SELECT t.id, t.area, t.held_on, t.title, t.organisers, t.document, t.recorded_by, t.recorded_at,
  (SELECT count(*) FROM city.training_participant p WHERE p.training_id = t.id)
FROM city.training t ORDER BY t.held_on DESC, t.id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- name: count_trainings
SELECT count(*), (SELECT count(DISTINCT uscc) FROM city.training_participant) FROM city.training;

-- name: participants
SELECT p.uscc, coalesce(e.name, '') FROM city.training_participant p LEFT JOIN city.enterprise e USING (uscc)
WHERE p.training_id = %s ORDER BY p.uscc;

-- name: pilots
-- Pilots with where they stand: the newest step, who accepted and who verified.
SELECT l.id, l.uscc, e.name, e.area, l.level, l.valid_from, l.document, coalesce(s.step, ''), s.taken_at,
  (SELECT taken_by FROM city.pilot_step a WHERE a.label_id = l.id AND a.step = 'accepted' ORDER BY a.id DESC LIMIT 1)
FROM city.enterprise_label l JOIN city.enterprise e USING (uscc)
LEFT JOIN LATERAL (SELECT step, taken_at FROM city.pilot_step p WHERE p.label_id = l.id ORDER BY p.id DESC LIMIT 1) s ON true
WHERE l.label = 'pilot' AND (%(id)s::int IS NULL OR l.id = %(id)s)
ORDER BY l.valid_from DESC, l.id LIMIT %(limit)s OFFSET %(offset)s;

-- name: count_pilots
SELECT count(*) FROM city.enterprise_label WHERE label = 'pilot';

-- name: lock_pilot
SELECT id FROM city.enterprise_label WHERE id = %s AND label = 'pilot' FOR UPDATE;

-- name: pilot_steps
SELECT step, note, document, taken_at, taken_by FROM city.pilot_step WHERE label_id = %s ORDER BY id;

-- name: add_pilot_step
INSERT INTO city.pilot_step (label_id, step, note, document, taken_by)
VALUES (%(label_id)s, %(step)s, %(note)s, %(document)s, %(taken_by)s);
