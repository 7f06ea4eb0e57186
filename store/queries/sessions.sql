-- name: open
INSERT INTO web.session (token_hash, user_id, created_at, seen_at, idle_seconds, expires_at, address, agent)
VALUES (%(token_hash)s, %(user)s, %(now)s, %(now)s, %(idle_seconds)s, %(expires_at)s, %(address)s, %(agent)s);

-- name: look_up
-- The gateways of the user's sites come along: one round trip for each look.
SELECT s.id, u.id, u.name, u.role, u.sites, u.must_change_password,
  CASE WHEN u.sites IS NOT NULL THEN ARRAY(SELECT name FROM plant.gateway WHERE site_id = ANY (u.sites)) END,
  s.seen_at, least(s.expires_at, s.seen_at + make_interval(secs => s.idle_seconds))
FROM web.session s JOIN web.user u ON u.id = s.user_id
WHERE s.token_hash = %(token_hash)s AND u.disabled_at IS NULL
  AND %(now)s < least(s.expires_at, s.seen_at + make_interval(secs => s.idle_seconds));

-- name: touch
UPDATE web.session SET seen_at = %(now)s WHERE token_hash = %(token_hash)s
RETURNING least(expires_at, seen_at + make_interval(secs => idle_seconds));

-- name: look_up_token
SELECT NULL, NULL, name, role, sites, false,
  CASE WHEN sites IS NOT NULL THEN ARRAY(SELECT g.name FROM plant.gateway g WHERE g.site_id = ANY (sites)) END,
  NULL, expires_at
FROM web.token WHERE token_hash = %(token_hash)s AND %(now)s < expires_at;

-- name: list
SELECT id, created_at, seen_at, expires_at, address, agent FROM web.session
WHERE user_id = %(user)s AND %(now)s < least(expires_at, seen_at + make_interval(secs => idle_seconds))
ORDER BY seen_at DESC;

-- name: close
DELETE FROM web.session WHERE id = %(session)s AND user_id = %(user)s RETURNING id;

-- name: close_token
DELETE FROM web.session WHERE token_hash = %(token_hash)s;

-- name: close_all
DELETE FROM web.session WHERE user_id = %(user)s AND id IS DISTINCT FROM %(except)s;

-- name: purge
DELETE FROM web.session WHERE least(expires_at, seen_at + make_interval(secs => idle_seconds)) < %(now)s;

-- name: list_tokens
SELECT id, name, role, sites, created_by, created_at, expires_at FROM web.token ORDER BY name;

-- name: add_token
INSERT INTO web.token (name, token_hash, role, sites, created_by, expires_at)
VALUES (%(name)s, %(token_hash)s, %(role)s, %(sites)s, %(created_by)s, %(expires_at)s)
ON CONFLICT (name) DO NOTHING RETURNING id;

-- name: drop_token
DELETE FROM web.token WHERE id = %s RETURNING name;
