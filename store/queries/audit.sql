-- name: record
INSERT INTO web.audit (actor, role, address, action, object, detail, result)
VALUES (%(actor)s, %(role)s, %(address)s, %(action)s, %(object)s, %(detail)s::jsonb, %(result)s);

-- name: found
FROM web.audit
WHERE (%(actor)s = '' OR actor = %(actor)s) AND (%(action)s = '' OR starts_with(action, %(action)s))
  AND (%(search)s = '' OR strpos(lower(concat_ws(' ', actor, action, object, detail::text)), lower(%(search)s)) > 0)
  AND (%(start)s::timestamptz IS NULL OR time >= %(start)s) AND (%(end)s::timestamptz IS NULL OR time < %(end)s)

-- name: count
SELECT count(*) {found};

-- name: list
SELECT id, time, actor, role, address, action, object, detail, result, hash {found}
ORDER BY id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- name: first_broken
-- A row that was changed has another hash; behind one that was taken out the chain or the count does not fit; and the head
-- remembers a last row that is gone.
WITH chain AS (
  SELECT a.id, a.hash = web.audit_hash(a)
    AND a.previous_hash = coalesce(lag(a.hash) OVER (ORDER BY a.id), sha256(''))
    AND a.id = row_number() OVER (ORDER BY a.id) AS is_whole
  FROM web.audit a
)
SELECT min(id) FROM (
  SELECT id FROM chain WHERE NOT is_whole
  UNION ALL
  SELECT h.id FROM web.audit_head h
  WHERE h.id > 0 AND NOT EXISTS (SELECT FROM web.audit a WHERE a.id = h.id AND a.hash = h.hash)
  UNION ALL
  SELECT a.id FROM web.audit a JOIN web.audit_head h ON a.id > h.id
) broken;

-- name: size
SELECT id FROM web.audit_head;
