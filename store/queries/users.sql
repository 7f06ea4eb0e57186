-- name: list
SELECT id, name, role, sites, language, must_change_password, created_at, disabled_at FROM web.user ORDER BY name;

-- name: log_in
SELECT id, name, role, sites, language, must_change_password, created_at, disabled_at, password_hash FROM web.user WHERE name = %s;

-- name: password_hash
SELECT password_hash FROM web.user WHERE id = %s;

-- name: any
SELECT EXISTS (SELECT FROM web.user);

-- name: add
INSERT INTO web.user (name, password_hash, role, sites, must_change_password)
VALUES (%(name)s, %(password_hash)s, %(role)s, %(sites)s, %(must_change_password)s)
ON CONFLICT DO NOTHING RETURNING id;

-- name: change
UPDATE web.user SET role = %(role)s, sites = %(sites)s::int[],
  disabled_at = CASE WHEN %(is_disabled)s THEN coalesce(disabled_at, now()) END
WHERE id = %(id)s RETURNING name;

-- name: set_password
UPDATE web.user SET password_hash = %(password_hash)s, must_change_password = %(must_change_password)s
WHERE id = %(id)s RETURNING name;

-- name: set_language
UPDATE web.user SET language = %(language)s WHERE id = %(id)s;

-- name: lock
-- Two administrators who disable each other at the same moment wait here for one another.
SELECT pg_advisory_xact_lock(hashtext('shangyun users'));

-- name: has_administrator
SELECT EXISTS (SELECT FROM web.user WHERE role = 'admin' AND sites IS NULL AND disabled_at IS NULL);

-- name: count_attempt
-- Counted before the password is looked at, so that many tries at once are not more than five either.
INSERT INTO web.failed_log_in AS f (name, address, failures, since) VALUES (%(name)s, %(address)s, 1, %(now)s)
ON CONFLICT (name, address) DO UPDATE SET
  failures = CASE WHEN f.since < %(now)s - %(window)s::interval THEN 1 ELSE f.failures + 1 END,
  since = CASE WHEN f.since < %(now)s - %(window)s::interval THEN %(now)s ELSE f.since END,
  locked_until = CASE WHEN f.since >= %(now)s - %(window)s::interval AND f.failures + 1 >= %(most)s
    THEN %(now)s + %(lock)s::interval END
WHERE f.locked_until IS NULL OR f.locked_until <= %(now)s
RETURNING failures;

-- name: locked_until
SELECT locked_until FROM web.failed_log_in WHERE name = %(name)s AND address = %(address)s;

-- name: forget_attempts
DELETE FROM web.failed_log_in WHERE (name = %(name)s AND address = %(address)s) OR since < %(now)s - interval '1 day';
