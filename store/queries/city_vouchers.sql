-- name: add_policy
INSERT INTO city.voucher_policy (version, document, area, valid_from, valid_to, parameters, made_by)
VALUES (%(version)s, %(document)s, %(area)s, %(valid_from)s, %(valid_to)s, %(parameters)s::jsonb, %(made_by)s)
ON CONFLICT (version) DO NOTHING RETURNING version;

-- name: policies
SELECT version, document, area, valid_from, valid_to, parameters, made_at, made_by FROM city.voucher_policy ORDER BY made_at, version;

-- name: applicant
-- An enterprise as rules look at it, with the areas that it lies in (its own, that one's parent, ...) and its labels that hold on a day.
SELECT e.uscc, e.name, e.area, e.code_state, e.is_independent AND e.head_uscc IS NULL, e.retired_at IS NOT NULL,
  (WITH RECURSIVE above (code, parent) AS (
     SELECT code, parent FROM city.area WHERE code = e.area
     UNION SELECT a.code, a.parent FROM city.area a JOIN above ON a.code = above.parent)
   SELECT array_agg(code) FROM above),
  coalesce((SELECT array_agg(DISTINCT label ORDER BY label) FROM city.enterprise_label l
    WHERE l.uscc = e.uscc AND l.valid_from <= %(day)s AND (l.valid_to IS NULL OR l.valid_to >= %(day)s)), '{}')
FROM city.enterprise e WHERE e.uscc = %(uscc)s;

-- name: add_label
INSERT INTO city.enterprise_label (uscc, label, level, valid_from, document, recorded_by)
VALUES (%(uscc)s, 'negative_list', 'city', %(day)s, %(document)s, %(actor)s);

-- name: add_draft
INSERT INTO city.voucher (uscc, area, registered_at, registered_by) VALUES (%(uscc)s, %(area)s, %(now)s, %(actor)s)
ON CONFLICT (uscc) WHERE state <> 'cancelled' DO NOTHING RETURNING id;

-- name: standing_of
SELECT id FROM city.voucher WHERE uscc = %s AND state <> 'cancelled';

-- name: place_of
SELECT uscc, area, year FROM city.voucher WHERE id = %s;

-- name: lock_voucher
SELECT id FROM city.voucher WHERE id = %s FOR UPDATE;

-- name: move
UPDATE city.voucher SET state = %(state)s WHERE id = %(id)s;

-- name: queue
-- The budget of the county is locked by now: the place in the queue is the order of these locks.
UPDATE city.voucher SET state = 'contracted', area = %(area)s, provider_id = %(provider_id)s, services = %(services)s,
  contract = %(contract)s, contract_date = %(contract_date)s, list_price = %(list_price)s, fee = %(fee)s,
  queue_number = nextval('city.voucher_queue'), queued_at = clock_timestamp()
WHERE id = %(id)s;

-- name: waiting
SELECT v.id, v.queue_number, v.uscc, v.list_price, v.fee, v.provider_id FROM city.voucher v
WHERE v.area = %(area)s AND v.state = 'contracted' AND v.queue_number > %(after)s ORDER BY v.queue_number LIMIT 1 FOR UPDATE;

-- name: waiting_before
SELECT count(*) FROM city.voucher v JOIN city.voucher mine ON mine.id = %s
WHERE v.area = mine.area AND v.state = 'contracted' AND v.queue_number < mine.queue_number;

-- name: issue
UPDATE city.voucher SET state = 'issued', number = %(number)s, policy = %(policy)s, year = %(year)s, issued_on = %(day)s,
  rate = %(rate)s, cap = %(cap)s, is_certified = %(is_certified)s, amount = %(amount)s
WHERE id = %(id)s;

-- name: serve
UPDATE city.voucher SET state = 'in_service', service_from = %(service_from)s, service_to = %(service_to)s WHERE id = %(id)s;

-- name: request
UPDATE city.voucher SET state = 'redemption_requested', batch_id = %(batch_id)s WHERE id = %(id)s;

-- name: withdraw
UPDATE city.voucher SET state = 'in_service', batch_id = NULL, evaluation_passed = NULL WHERE id = %(id)s;

-- name: evaluate
UPDATE city.voucher SET state = 'evaluated', evaluation_passed = %(passed)s WHERE id = %(id)s;

-- name: review
UPDATE city.voucher SET state = 'county_reviewed', redeemed = %(redeemed)s, reviewed_by = %(actor)s WHERE id = %(id)s;

-- name: pay
UPDATE city.voucher SET state = 'paid', paid_on = %(day)s, paid_by = %(actor)s WHERE id = %(id)s;

-- name: add_step
INSERT INTO city.voucher_step (voucher_id, time, actor, step, state, note, detail)
VALUES (%(voucher_id)s, %(time)s, %(actor)s, %(step)s, %(state)s, %(note)s, %(detail)s::jsonb);

-- name: steps
SELECT time, actor, step, state, note, detail FROM city.voucher_step WHERE voucher_id = %s ORDER BY id;

-- name: add_deduction
INSERT INTO city.voucher_deduction (voucher_id, reason, amount, note, time, actor)
VALUES (%(voucher_id)s, %(reason)s, %(amount)s, %(note)s, %(time)s, %(actor)s);

-- name: drop_deductions
DELETE FROM city.voucher_deduction WHERE voucher_id = %s;

-- name: deductions
SELECT reason, amount, note, time, actor FROM city.voucher_deduction WHERE voucher_id = %s ORDER BY id;

-- name: vouchers_found
FROM city.voucher v JOIN city.enterprise e USING (uscc) JOIN city.area a ON a.code = v.area
LEFT JOIN city.voucher_provider p ON p.id = v.provider_id LEFT JOIN city.voucher_batch b ON b.id = v.batch_id
WHERE (%(id)s::integer IS NULL OR v.id = %(id)s)
  AND (%(areas)s::text[] IS NULL OR v.area = ANY (%(areas)s))
  AND (%(states)s::text[] IS NULL OR v.state = ANY (%(states)s))
  AND (%(batch_id)s::integer IS NULL OR v.batch_id = %(batch_id)s)
  AND (%(search)s = '' OR strpos(lower(concat_ws(' ', e.name, v.uscc, v.number, p.name)), lower(%(search)s)) > 0)

-- name: count_vouchers
SELECT count(*) {found};

-- name: list_vouchers
SELECT v.id, v.uscc, e.name, v.area, a.label_zh, a.label_en, v.state, v.registered_at, v.registered_by, v.queue_number, v.queued_at,
  v.provider_id, coalesce(p.name, ''), v.services, v.contract, v.contract_date, v.list_price, v.fee, v.number, v.policy, v.year,
  v.issued_on, v.rate, v.cap, v.is_certified, v.amount, v.service_from, v.service_to, v.batch_id, b.year, b.half, b.last_day,
  v.evaluation_passed, v.redeemed, v.reviewed_by, v.paid_on, v.paid_by
{found} ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s;

-- name: count_by_state
SELECT state, count(*), coalesce(sum(amount), 0) FROM city.voucher WHERE %(areas)s::text[] IS NULL OR area = ANY (%(areas)s)
GROUP BY state;

-- name: ensure_budget
INSERT INTO city.voucher_budget (area, year) VALUES (%(area)s, %(year)s) ON CONFLICT DO NOTHING;

-- name: lock_budgets
SELECT year, granted - reserved - paid FROM city.voucher_budget WHERE area = %s ORDER BY year FOR UPDATE;

-- name: free
SELECT granted - reserved - paid FROM city.voucher_budget WHERE area = %(area)s AND year = %(year)s;

-- name: book
INSERT INTO city.voucher_budget_entry (area, year, kind, amount, voucher_id, time, actor, note)
VALUES (%(area)s, %(year)s, %(kind)s, %(amount)s, %(voucher_id)s, %(time)s, %(actor)s, %(note)s);

-- name: budgets
SELECT b.area, a.label_zh, a.label_en, b.year, b.granted, b.reserved, b.paid, b.granted - b.reserved - b.paid,
  (SELECT count(*) FROM city.voucher v WHERE v.area = b.area AND v.year = b.year AND v.amount IS NOT NULL AND v.state <> 'cancelled'),
  (SELECT count(*) FROM city.voucher v WHERE v.area = b.area AND v.state = 'contracted')
FROM city.voucher_budget b JOIN city.area a ON a.code = b.area
WHERE (%(area)s::text IS NULL OR b.area = %(area)s) AND (%(year)s::integer IS NULL OR b.year = %(year)s)
ORDER BY b.year DESC, b.area;

-- name: entries
SELECT n.time, n.kind, n.amount, n.actor, n.note, n.voucher_id, coalesce(v.number, '')
FROM city.voucher_budget_entry n LEFT JOIN city.voucher v ON v.id = n.voucher_id
WHERE n.area = %(area)s AND n.year = %(year)s ORDER BY n.id;

-- name: ledger_difference
-- Years of counties whose sums are not those of their ledger; there never are any.
SELECT b.area, b.year FROM city.voucher_budget b
LEFT JOIN city.voucher_budget_entry n USING (area, year)
GROUP BY b.area, b.year, b.granted, b.reserved, b.paid
HAVING (b.granted, b.reserved, b.paid) IS DISTINCT FROM (
  coalesce(sum(n.amount) FILTER (WHERE n.kind = 'grant'), 0),
  coalesce(sum(CASE n.kind WHEN 'reservation' THEN n.amount WHEN 'grant' THEN 0 ELSE -n.amount END), 0),
  coalesce(sum(n.amount) FILTER (WHERE n.kind = 'payment'), 0));

-- name: add_provider
INSERT INTO city.voucher_provider (uscc, name, class, services, document, registered_at, registered_by)
VALUES (%(uscc)s, %(name)s, %(class)s, %(services)s, %(document)s, %(now)s, %(actor)s)
ON CONFLICT (uscc) DO NOTHING RETURNING id;

-- name: providers
SELECT p.id, p.uscc, p.name, p.class, p.state, p.services, p.document, p.registered_at, p.registered_by,
  EXISTS (SELECT FROM city.enterprise_label l WHERE l.uscc = p.uscc AND l.label = 'negative_list'
    AND l.valid_from <= %(day)s AND (l.valid_to IS NULL OR l.valid_to >= %(day)s)),
  (SELECT count(*) FROM city.voucher v WHERE v.provider_id = p.id AND v.amount IS NOT NULL)
FROM city.voucher_provider p WHERE %(id)s::integer IS NULL OR p.id = %(id)s ORDER BY p.name, p.id;

-- name: lock_provider
SELECT state FROM city.voucher_provider WHERE id = %s FOR UPDATE;

-- name: move_provider
UPDATE city.voucher_provider SET state = %(state)s, document = CASE WHEN %(document)s = '' THEN document ELSE %(document)s END
WHERE id = %(id)s;

-- name: ensure_batch
INSERT INTO city.voucher_batch (area, year, half) VALUES (%(area)s, %(year)s, %(half)s) ON CONFLICT DO NOTHING;

-- name: lock_batch
SELECT id, area, year, half, published_on, last_day FROM city.voucher_batch
WHERE (%(id)s::integer IS NULL OR id = %(id)s) AND (%(area)s::text IS NULL OR (area = %(area)s AND year = %(year)s AND half = %(half)s))
FOR UPDATE;

-- name: publish_batch
UPDATE city.voucher_batch SET published_on = %(day)s, last_day = %(last_day)s, published_by = %(actor)s WHERE id = %(id)s;

-- name: batches
SELECT b.id, b.area, a.label_zh, a.label_en, b.year, b.half, b.published_on, b.last_day, b.published_by, count(v.id),
  count(v.id) FILTER (WHERE v.state IN ('redemption_requested', 'evaluated')), count(v.id) FILTER (WHERE v.state = 'paid'),
  coalesce(sum(v.amount), 0), coalesce(sum(v.redeemed), 0)
FROM city.voucher_batch b JOIN city.area a ON a.code = b.area LEFT JOIN city.voucher v ON v.batch_id = b.id
WHERE (%(id)s::integer IS NULL OR b.id = %(id)s)
GROUP BY b.id, a.code ORDER BY b.year DESC, b.half DESC, b.area;

-- name: silent
-- What came, in the half-year of their batch (the last one of a service that ended before), from the machines of enterprises whose vouchers are redeemed or paid.
WITH asked AS (
  SELECT v.id, v.uscc, v.number, v.state, v.area, v.amount, v.redeemed, b.year, b.half,
    greatest(v.service_from, make_date(extract(year FROM ended.day)::integer,
      CASE WHEN extract(month FROM ended.day) > 6 THEN 7 ELSE 1 END, 1)) AS first_day,
    ended.day AS last_day
  FROM city.voucher v JOIN city.voucher_batch b ON b.id = v.batch_id
  CROSS JOIN LATERAL (
    SELECT least(v.service_to, (make_date(b.year, b.half * 6 - 5, 1) + INTERVAL '6 months')::date - 1) AS day) ended
  WHERE v.state IN ('redemption_requested', 'evaluated', 'county_reviewed', 'publicised', 'paid')
    AND (%(id)s::integer IS NULL OR v.id = %(id)s) AND (%(batch_id)s::integer IS NULL OR v.batch_id = %(batch_id)s)
)
SELECT asked.id, asked.number, asked.uscc, e.name, asked.area, a.label_zh, a.label_en, asked.state, asked.amount, asked.redeemed,
  asked.year, asked.half, asked.first_day, asked.last_day, seen.machines, seen.connected, facts.days, facts.last_day,
  seen.newest,
  EXISTS (SELECT FROM city.day_fact f WHERE f.day BETWEEN asked.first_day AND asked.last_day)
FROM asked JOIN city.enterprise e USING (uscc) JOIN city.area a ON a.code = asked.area
CROSS JOIN LATERAL (
  SELECT count(*) AS machines, count(q.id) AS connected, array_remove(array_agg(q.id), NULL) AS ids, max(l.time) AS newest
  FROM city.machine m
  LEFT JOIN reading.equipment q ON m.gateway <> '' AND q.gateway = m.gateway AND q.name = m.equipment_name
  LEFT JOIN reading.latest l ON l.equipment_id = q.id
  WHERE m.uscc = asked.uscc
) seen
CROSS JOIN LATERAL (
  SELECT count(DISTINCT f.day) AS days, max(f.day) AS last_day FROM city.day_fact f
  WHERE f.equipment_id = ANY (seen.ids) AND f.hours > 0 AND f.day BETWEEN asked.first_day AND asked.last_day
) facts
ORDER BY facts.days, asked.number;

-- name: redeemed_by_area
SELECT area, count(*), coalesce(sum(redeemed), 0) FROM city.voucher WHERE state = 'paid' AND year = %s GROUP BY area ORDER BY area;
