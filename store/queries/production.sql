-- name: plans_found
FROM production.plan p LEFT JOIN production.workshop w ON w.gateway = p.gateway AND w.plan_id = p.id
WHERE (%(id)s::int4 IS NULL OR p.id = %(id)s)
  AND (%(gateways)s::text[] IS NULL OR p.gateway = ANY (%(gateways)s::text[]))
  AND (NOT %(current)s OR w.plan_id IS NOT NULL)
  AND (%(search)s = '' OR strpos(lower(concat_ws(' ', p.gateway, p.title, p.made_by)), lower(%(search)s)) > 0)

-- name: count_plans
SELECT count(*) {found};

-- name: list_plans
-- A search that no longer says that it goes on has gone down with its server.
SELECT p.id, p.gateway, p.title, p.origin, p.zone, p.made_at, p.made_by, p.replaces,
  CASE WHEN p.state IN ('waiting', 'searching') AND p.seen_at < %(now)s - INTERVAL '60 seconds' THEN 'lost' ELSE p.state END,
  p.seconds_limit, p.aims, p.seconds, p.cost, p.bound, p.floor_cost, p.method, p.rule, p.measures, p.rule_measures, p.failure,
  p.adopted_at, p.adopted_by, w.plan_id IS NOT NULL
{found}
ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s;

-- name: plan_documents
SELECT orders, machines, setups, down_until, plan FROM production.plan WHERE id = %s;

-- name: add_plan
INSERT INTO production.plan (
  gateway, title, origin, zone, made_at, made_by, replaces, seen_at, seconds_limit, aims, orders, machines, setups, down_until)
VALUES (%(gateway)s, %(title)s, %(origin)s, %(zone)s, %(now)s, %(made_by)s, %(replaces)s, %(now)s, %(seconds_limit)s,
  %(aims)s::jsonb, %(orders)s::jsonb, %(machines)s::jsonb, %(setups)s::jsonb, %(down_until)s::jsonb)
RETURNING id;

-- name: note_progress
UPDATE production.plan SET
  state = %(state)s, seen_at = %(now)s, seconds = coalesce(%(seconds)s, seconds), cost = coalesce(%(cost)s, cost),
  bound = coalesce(%(bound)s, bound)
WHERE id = %(id)s AND state IN ('waiting', 'searching')
RETURNING stop_wanted;

-- name: finish_plan
UPDATE production.plan SET
  state = 'done', seen_at = %(now)s, seconds = %(seconds)s, cost = %(cost)s, bound = %(bound)s, floor_cost = %(floor_cost)s,
  method = %(method)s, rule = %(rule)s, measures = %(measures)s::jsonb, rule_measures = %(rule_measures)s::jsonb,
  plan = %(plan)s::jsonb
WHERE id = %(id)s AND state IN ('waiting', 'searching');

-- name: fail_plan
UPDATE production.plan SET state = 'failed', seen_at = %(now)s, failure = %(failure)s
WHERE id = %(id)s AND state IN ('waiting', 'searching');

-- name: want_stop
UPDATE production.plan SET stop_wanted = true WHERE id = %s AND state IN ('waiting', 'searching');

-- name: open_workshop
INSERT INTO production.workshop (gateway) VALUES (%s) ON CONFLICT (gateway) DO NOTHING;

-- name: keep_workshop
SELECT plan_id FROM production.workshop WHERE gateway = %s FOR SHARE;

-- name: take_workshop
SELECT plan_id FROM production.workshop WHERE gateway = %s FOR UPDATE;

-- name: set_workshop
UPDATE production.workshop SET plan_id = %(id)s WHERE gateway = %(gateway)s;

-- name: adopt_plan
UPDATE production.plan SET adopted_at = %(now)s, adopted_by = %(actor)s WHERE id = %(id)s;

-- name: machines
SELECT e.id, m.shifts, m.family, m.capability, m.hour_price, m.setup_price, m.changed_at, m.changed_by
FROM production.machine m JOIN reading.equipment own ON own.id = m.equipment_id
JOIN reading.equipment e ON e.id = coalesce(own.same_as, own.id)
WHERE e.id = ANY (%s::int4[])
ORDER BY own.same_as NULLS LAST;

-- name: save_shifts
INSERT INTO production.machine (equipment_id, shifts, family, changed_at, changed_by)
VALUES (%(id)s, %(shifts)s, %(family)s, %(now)s, %(actor)s)
ON CONFLICT (equipment_id) DO UPDATE SET
  shifts = excluded.shifts, family = excluded.family, changed_at = excluded.changed_at, changed_by = excluded.changed_by;

-- name: save_capability
INSERT INTO production.machine (equipment_id, capability, hour_price, setup_price, changed_at, changed_by)
VALUES (%(id)s, %(capability)s::jsonb, %(hour_price)s, %(setup_price)s, %(now)s, %(actor)s)
ON CONFLICT (equipment_id) DO UPDATE SET
  capability = excluded.capability, hour_price = excluded.hour_price, setup_price = excluded.setup_price,
  changed_at = excluded.changed_at, changed_by = excluded.changed_by;

-- name: lock_machine
-- Buyers of one machine come one after the other; side by side the database would find them in each other's way after a second.
SELECT equipment_id FROM production.machine WHERE equipment_id = %s FOR UPDATE;

-- name: requests_found
FROM production.request r
WHERE (%(id)s::int4 IS NULL OR r.id = %(id)s)
  AND (%(gateways)s::text[] IS NULL OR r.gateway = ANY (%(gateways)s::text[]))

-- name: count_requests
SELECT count(*) {found};

-- name: list_requests
SELECT r.id, r.gateway, r.asked_at, r.asked_by, r.buyer, r.title, r.demand, r.quantity, r.minutes_a_part, r.can_pause, r.earliest,
  r.due, r.price_cap, r.late_percent_a_day
{found}
ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s;

-- name: add_request
INSERT INTO production.request (
  gateway, asked_at, asked_by, buyer, title, demand, quantity, minutes_a_part, can_pause, earliest, due, price_cap,
  late_percent_a_day)
VALUES (%(gateway)s, %(asked_at)s, %(asked_by)s, %(buyer)s, %(title)s, %(demand)s::jsonb, %(quantity)s, %(minutes_a_part)s,
  %(can_pause)s, %(earliest)s, %(due)s, %(price_cap)s, %(late_percent_a_day)s)
RETURNING id;

-- name: reservations_found
FROM production.reservation v
JOIN production.request r ON r.id = v.request_id
JOIN reading.equipment own ON own.id = v.equipment_id
JOIN reading.equipment e ON e.id = coalesce(own.same_as, own.id)
WHERE (%(id)s::int4 IS NULL OR v.id = %(id)s)
  AND (%(gateways)s::text[] IS NULL OR e.gateway = ANY (%(gateways)s::text[]))
  AND (%(request)s::int4 IS NULL OR v.request_id = %(request)s)
  AND (%(equipment_ids)s::int4[] IS NULL OR e.id = ANY (%(equipment_ids)s::int4[]))
  AND (%(states)s::text[] IS NULL OR {state} = ANY (%(states)s::text[]))
  AND (%(ends_after)s::timestamptz IS NULL OR upper(v.slot) > %(ends_after)s)
  AND (%(search)s = '' OR strpos(lower(concat_ws(' ', r.buyer, r.title, e.name)), lower(%(search)s)) > 0)

-- name: reservation_state
-- A hold that nobody has confirmed in time is over, also before anybody has marked it so.
CASE WHEN v.state = 'held' AND v.held_until <= %(now)s THEN 'expired' ELSE v.state END

-- name: count_reservations
SELECT count(*) {found};

-- name: list_reservations
SELECT v.id, v.request_id, e.id, e.gateway, e.name, r.buyer, r.title, lower(v.slot), upper(v.slot), v.price, {state},
  v.held_until, v.held_at, v.held_by, v.changed_at, v.changed_by, v.evidence, v.settlement, v.paid
{found}
ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s;

-- name: expire_holds
UPDATE production.reservation SET state = 'expired', changed_at = held_until, changed_by = ''
WHERE state = 'held' AND held_until <= %s;

-- name: hold
INSERT INTO production.reservation (
  request_id, equipment_id, slot, price, held_until, held_at, held_by, changed_at, changed_by)
VALUES (%(request_id)s, %(equipment_id)s, tstzrange(%(start)s, %(end)s, '[)'), %(price)s, %(held_until)s, %(now)s, %(actor)s,
  %(now)s, %(actor)s)
RETURNING id;

-- name: lock_reservation
SELECT state, held_until FROM production.reservation WHERE id = %s FOR UPDATE;

-- name: change_reservation
UPDATE production.reservation SET
  state = %(state)s, changed_at = %(now)s, changed_by = %(actor)s, evidence = coalesce(%(evidence)s::jsonb, evidence),
  settlement = coalesce(%(settlement)s::jsonb, settlement), paid = coalesce(%(paid)s, paid)
WHERE id = %(id)s;

-- name: sold_time
SELECT v.id, e.id, lower(v.slot), upper(v.slot)
FROM production.reservation v JOIN reading.equipment own ON own.id = v.equipment_id
JOIN reading.equipment e ON e.id = coalesce(own.same_as, own.id)
WHERE e.id = ANY (%(ids)s::int4[]) AND upper(v.slot) > %(now)s
  AND v.state IN ('held', 'confirmed', 'delivered', 'settled') AND NOT (v.state = 'held' AND v.held_until <= %(now)s)
ORDER BY 3, 1;
