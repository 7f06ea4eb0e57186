-- name: nameplate
SELECT n.equipment_id, n.maker, n.model, n.serial_number, n.made_year, n.commissioned_on, n.rated, n.location, n.area,
  n.responsible, n.documents
FROM plant.nameplate n JOIN reading.equipment e ON e.id = n.equipment_id
WHERE e.id = %(id)s OR e.same_as = %(id)s
ORDER BY e.same_as NULLS FIRST LIMIT 1;

-- name: save_nameplate
INSERT INTO plant.nameplate (
  equipment_id, maker, model, serial_number, made_year, commissioned_on, rated, location, area, responsible, documents)
VALUES (%(equipment_id)s, %(maker)s, %(model)s, %(serial_number)s, %(made_year)s, %(commissioned_on)s, %(rated)s::jsonb,
  %(location)s, %(area)s, %(responsible)s, %(documents)s::jsonb)
ON CONFLICT (equipment_id) DO UPDATE SET
  maker = excluded.maker, model = excluded.model, serial_number = excluded.serial_number, made_year = excluded.made_year,
  commissioned_on = excluded.commissioned_on, rated = excluded.rated, location = excluded.location, area = excluded.area,
  responsible = excluded.responsible, documents = excluded.documents;

-- name: entries_found
FROM plant.maintenance_entry m
JOIN reading.equipment own ON own.id = m.equipment_id
JOIN reading.equipment e ON e.id = coalesce(own.same_as, own.id)
WHERE (%(gateways)s::text[] IS NULL OR e.gateway = ANY (%(gateways)s::text[]))
  AND (%(equipment_id)s::int4 IS NULL OR e.id = %(equipment_id)s)
  AND (%(search)s = '' OR strpos(lower(concat_ws(' ', e.name, m.text, m.author)), lower(%(search)s)) > 0)

-- name: count_entries
SELECT count(*) {found};

-- name: list_entries
SELECT m.id, e.id, m.time, m.work, m.text, m.hours, m.cost, m.author, m.work_order_id, e.gateway, e.name
{found}
ORDER BY m.time DESC, m.id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- name: add_entry
INSERT INTO plant.maintenance_entry (equipment_id, time, work, text, hours, cost, author, work_order_id)
VALUES (%(equipment_id)s, %(time)s, %(work)s, %(text)s, %(hours)s, %(cost)s, %(author)s, %(work_order_id)s)
RETURNING id;

-- name: orders_found
FROM plant.work_order w
JOIN reading.equipment own ON own.id = w.equipment_id
JOIN reading.equipment e ON e.id = coalesce(own.same_as, own.id)
WHERE (%(id)s::int4 IS NULL OR w.id = %(id)s)
  AND (%(gateways)s::text[] IS NULL OR e.gateway = ANY (%(gateways)s::text[]))
  AND (%(equipment_ids)s::int4[] IS NULL OR e.id = ANY (%(equipment_ids)s::int4[]))
  AND (%(states)s::text[] IS NULL OR w.state = ANY (%(states)s::text[]))
  AND (%(priorities)s::text[] IS NULL OR w.priority = ANY (%(priorities)s::text[]))
  AND (%(assigned_to)s::text IS NULL OR w.assigned_to = %(assigned_to)s)
  AND (%(search)s = '' OR strpos(lower(concat_ws(' ', e.name, w.title, w.text, w.assigned_to)), lower(%(search)s)) > 0)

-- name: count_orders
SELECT count(*) {found};

-- name: list_orders
SELECT w.id, e.id, w.title, w.text, w.priority, w.state, w.opened_at, w.opened_by, w.assigned_to, w.due_on, w.closed_at,
  w.closed_by, w.found, w.finding_id, w.condition_id, e.gateway, e.name, e.kind
{found}
ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s;

-- name: open_order
INSERT INTO plant.work_order (
  equipment_id, title, text, priority, opened_at, opened_by, assigned_to, due_on, finding_id, condition_id)
VALUES (%(equipment_id)s, %(title)s, %(text)s, %(priority)s, %(now)s, %(actor)s, %(assigned_to)s, %(due_on)s, %(finding_id)s,
  %(condition_id)s)
RETURNING id;

-- name: lock_order
SELECT state, assigned_to, equipment_id FROM plant.work_order WHERE id = %s FOR UPDATE;

-- name: change_order
UPDATE plant.work_order SET
  state = %(state)s, assigned_to = %(assigned_to)s, closed_at = %(closed_at)s, closed_by = %(closed_by)s, found = %(found)s
WHERE id = %(id)s;

-- name: add_change
INSERT INTO plant.work_order_change (work_order_id, time, actor, state, assigned_to, note)
VALUES (%(id)s, %(now)s, %(actor)s, %(state)s, %(assigned_to)s, %(note)s);

-- name: order_changes
SELECT time, actor, state, assigned_to, note FROM plant.work_order_change WHERE work_order_id = %s ORDER BY time, id;
