-- name: add_application
INSERT INTO city.star_application (uscc, edition, star, deployment, form, contents, figures, attachments, made_by)
VALUES (%(uscc)s, %(edition)s, %(star)s, %(deployment)s, %(form)s, %(contents)s, %(figures)s, %(attachments)s, %(made_by)s)
ON CONFLICT (uscc, edition) WHERE state IN ('draft', 'submitted', 'material_reviewed', 'recommended') DO NOTHING
RETURNING id;

-- name: change_draft
UPDATE city.star_application SET star = %(star)s, deployment = %(deployment)s, form = %(form)s, contents = %(contents)s,
  figures = %(figures)s, attachments = %(attachments)s
WHERE id = %(id)s AND state = 'draft' RETURNING id;

-- name: applications_found
FROM city.star_application a
JOIN city.enterprise e ON e.uscc = a.uscc
WHERE (%(id)s::int4 IS NULL OR a.id = %(id)s)
  AND (%(uscc)s::text IS NULL OR a.uscc = %(uscc)s)
  AND (%(states)s::text[] IS NULL OR a.state = ANY (%(states)s::text[]))
  AND (%(star)s::int4 IS NULL OR a.star = %(star)s)
  AND (%(area)s = '' OR e.area IN (
    WITH RECURSIVE below AS (
      SELECT code FROM city.area WHERE code = %(area)s
      UNION SELECT c.code FROM city.area c JOIN below ON c.parent = below.code
    ) SELECT code FROM below))
  AND (%(search)s = '' OR strpos(lower(concat_ws(' ', e.name, e.uscc)), lower(%(search)s)) > 0)

-- name: count_applications
SELECT count(*) {found};

-- name: list_applications
SELECT a.id, a.uscc, a.edition, a.star, a.deployment, a.batch, a.state, a.form, a.contents, a.figures, a.attachments, a.made_at,
  a.made_by, a.submitted_by, a.reviewed_by, a.decided_by, a.rated_on, e.name, e.area, e.industry
{found}
ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s;

-- name: count_by_state
SELECT state, count(*) FROM city.star_application GROUP BY state;

-- name: lock_application
SELECT id FROM city.star_application WHERE id = %s FOR UPDATE;

-- name: move_application
UPDATE city.star_application SET state = %(state)s, batch = coalesce(%(batch)s, batch), submitted_by = coalesce(%(submitted_by)s,
  submitted_by), reviewed_by = coalesce(%(reviewed_by)s, reviewed_by), decided_by = coalesce(%(decided_by)s, decided_by),
  rated_on = coalesce(%(rated_on)s, rated_on)
WHERE id = %(id)s;

-- name: add_step
INSERT INTO city.star_step (application_id, actor, state, note) VALUES (%(id)s, %(actor)s, %(state)s, %(note)s);

-- name: steps
SELECT time, actor, state, note FROM city.star_step WHERE application_id = %s ORDER BY id;

-- name: add_report
INSERT INTO city.star_report (application_id, month, report, hash, made_by)
VALUES (%(id)s, %(month)s, %(report)s, %(hash)s, %(made_by)s);

-- name: report
SELECT month, report, hash, made_at, made_by FROM city.star_report WHERE application_id = %s;

-- name: windows
SELECT first_day, last_day, document, made_by FROM city.star_window WHERE edition = %s ORDER BY first_day, id;

-- name: add_window
INSERT INTO city.star_window (edition, first_day, last_day, document, made_by)
VALUES (%(edition)s, %(first_day)s, %(last_day)s, %(document)s, %(made_by)s);

-- name: switched_conditions
SELECT code, is_on, document, decided_by FROM city.star_condition WHERE edition = %s;

-- name: switch_condition
INSERT INTO city.star_condition (edition, code, is_on, document, decided_by)
VALUES (%(edition)s, %(code)s, %(is_on)s, %(document)s, %(decided_by)s)
ON CONFLICT (edition, code) DO UPDATE SET is_on = excluded.is_on, document = excluded.document,
  decided_by = excluded.decided_by, decided_at = now();

-- name: add_veto
INSERT INTO city.star_veto (uscc, condition, valid_from, valid_to, document, recorded_by)
VALUES (%(uscc)s, %(condition)s, %(valid_from)s, %(valid_to)s, %(document)s, %(recorded_by)s);

-- name: vetoes
SELECT condition, valid_from, valid_to, document FROM city.star_veto
WHERE uscc = %(uscc)s AND valid_from <= %(day)s AND coalesce(valid_to, 'infinity') >= %(day)s ORDER BY id;

-- name: divisions
-- Division codes of an area and of all above it.
WITH RECURSIVE above AS (
  SELECT code, parent, division_codes FROM city.area WHERE code = %s
  UNION SELECT a.code, a.parent, a.division_codes FROM city.area a JOIN above ON a.code = above.parent
)
SELECT DISTINCT unnest(division_codes) FROM above;

-- name: stars_held
SELECT DISTINCT star FROM city.star_application WHERE uscc = %s AND state IN ('rated', 'published');

-- name: lock_quota
SELECT pg_advisory_xact_lock(hashtext('shangyun stars'), hashtext(%s));

-- name: quota
-- How many enterprises of an area got a star in a year, and how many of them were ever on the cloud in a frozen count.
SELECT
  (SELECT count(*) FROM city.star_application a JOIN city.enterprise e ON e.uscc = a.uscc
   WHERE e.area = %(area)s AND a.star = %(star)s AND a.state IN ('rated', 'published')
     AND extract(year FROM a.rated_on) = %(year)s),
  (SELECT count(DISTINCT m.uscc) FROM city.snapshot_enterprise m JOIN city.snapshot s ON s.id = m.snapshot_id
   WHERE m.area = %(area)s AND m.is_on_cloud AND s.form <> 'day'
     AND NOT EXISTS (SELECT FROM city.snapshot r WHERE r.replaces = s.id));

-- name: proven_runs
-- Machines that the newest frozen count up to a day counts, with the analytics that were evaluated on them in a period.
WITH newest AS (
  SELECT s.id, s.last_day FROM city.snapshot s
  WHERE s.form <> 'day' AND s.last_day <= %(snapshot_until)s
    AND NOT EXISTS (SELECT FROM city.snapshot r WHERE r.replaces = s.id)
    AND EXISTS (SELECT FROM city.snapshot_machine m WHERE m.snapshot_id = s.id AND m.uscc = %(uscc)s)
  ORDER BY s.last_day DESC, s.id DESC LIMIT 1
)
SELECT newest.id, newest.last_day, m.machine_id, m.kind, r.analytic, count(r.day)
FROM newest
JOIN city.snapshot_machine m ON m.snapshot_id = newest.id AND m.uscc = %(uscc)s AND m.state = 'verified'
LEFT JOIN result.run r ON r.equipment_id = m.equipment_id AND r.day BETWEEN %(first)s AND %(last)s AND r.evaluated > 0
GROUP BY newest.id, newest.last_day, m.machine_id, m.kind, r.analytic
ORDER BY m.machine_id, r.analytic;

-- name: modelled_machines
SELECT count(DISTINCT m.machine_id) FROM city.snapshot_machine m
JOIN result.model o ON o.equipment_id = m.equipment_id AND o.role = 'champion'
WHERE m.snapshot_id = %(snapshot)s AND m.uscc = %(uscc)s AND m.state = 'verified';

-- name: people
-- Names that have an account of sites with the enterprise's gateways, and whether the person did something in the period. Programs
-- have no account; who sees all sites is not of the enterprise; a screen on a wall is nobody.
SELECT u.name,
  EXISTS (SELECT FROM web.session s WHERE s.user_id = u.id
          AND (s.created_at >= %(start)s AND s.created_at < %(end)s OR s.seen_at >= %(start)s AND s.seen_at < %(end)s))
  OR EXISTS (SELECT FROM web.audit a WHERE a.actor = u.name AND a.result = 'done' AND a.time >= %(start)s AND a.time < %(end)s
             AND (a.action IN ('log_in', 'log_out')  -- a program may have a person's name, and never signs in
                  OR NOT EXISTS (SELECT FROM web.audit t WHERE t.action = 'token.add' AND t.object = u.name)))
FROM web.user u
WHERE u.role <> 'screen' AND u.sites IS NOT NULL AND EXISTS (
  SELECT FROM city.gateway c JOIN plant.gateway g ON g.name = c.name
  WHERE c.uscc = %(uscc)s AND c.revoked_at IS NULL AND g.site_id = ANY (u.sites))
ORDER BY u.name;

-- name: sending_machines
-- Readings of an enterprise's machines by kind, without simulators; of a renamed machine they belong to its present number.
SELECT e.kind, array_agg(DISTINCT coalesce(e.same_as, e.id))
FROM city.machine m
JOIN reading.equipment e ON e.gateway = m.gateway AND e.name = m.equipment_name
LEFT JOIN city.gateway g ON g.name = m.gateway
WHERE m.uscc = %s AND NOT m.is_simulator AND NOT coalesce(g.is_simulator, false)
GROUP BY e.kind ORDER BY e.kind;

-- name: samples
-- From the rollups by hour: the rows of an hour are at least as many as those of its most frequent signal.
SELECT coalesce(sum(greatest({counts})), 0), coalesce(sum({points}), 0) FROM {table}
WHERE equipment_id = ANY (%(ids)s) AND time >= %(start)s AND time < %(end)s;

-- name: add_host_use
INSERT INTO city.host_use (uscc, host, start_time, end_time, is_shared, cpu_percent, received_bytes, sent_bytes,
  bandwidth_bits_per_second, document, recorded_by)
VALUES (%(uscc)s, %(host)s, %(start)s, %(end)s, %(is_shared)s, %(cpu_percent)s, %(received_bytes)s, %(sent_bytes)s,
  %(bandwidth_bits_per_second)s, %(document)s, %(recorded_by)s);

-- name: lock_hosts
SELECT pg_advisory_xact_lock(hashtext('shangyun host uses'));

-- name: overlapping_host_use
SELECT start_time, end_time FROM city.host_use
WHERE uscc = %(uscc)s AND host = %(host)s AND start_time < %(end)s AND end_time > %(start)s LIMIT 1;

-- name: known_enterprises
SELECT uscc FROM city.enterprise WHERE uscc = ANY (%s::text[]);

-- name: host_uses
SELECT host, is_shared, greatest(start_time, %(start)s), least(end_time, %(end)s), cpu_percent, received_bytes, sent_bytes,
  bandwidth_bits_per_second, document, extract(epoch FROM end_time - start_time)
FROM city.host_use
WHERE uscc = %(uscc)s AND start_time < %(end)s AND end_time > %(start)s ORDER BY host, start_time;

-- name: voucher_contracts
SELECT coalesce(number, ''), contract, fee FROM city.voucher
WHERE uscc = %s AND contract <> '' AND fee IS NOT NULL AND state NOT IN ('draft', 'member', 'cancelled', 'disqualified') ORDER BY id;
