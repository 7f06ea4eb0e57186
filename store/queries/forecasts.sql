-- name: add_weather
INSERT INTO forecast.weather (gateway, issued_at, valid_at, fields)
SELECT %(gateway)s, issued_at, valid_at, fields
FROM unnest(%(issued_at)s::timestamptz[], %(valid_at)s::timestamptz[], %(fields)s::jsonb[]) AS given (issued_at, valid_at, fields)
ON CONFLICT (gateway, valid_at, issued_at) DO UPDATE SET fields = excluded.fields;

-- name: weather
-- What was issued longer before says no more than the issues after it.
SELECT issued_at, valid_at, fields FROM forecast.weather
WHERE gateway = %(gateway)s AND valid_at >= %(start)s AND valid_at < %(end)s
  AND issued_at <= %(issued_until)s AND issued_at > valid_at - INTERVAL '4 days'
ORDER BY issued_at, valid_at;

-- name: weather_spans
SELECT gateway, min(valid_at), max(valid_at), max(issued_at) FROM forecast.weather
WHERE %(gateways)s::text[] IS NULL OR gateway = ANY (%(gateways)s::text[])
GROUP BY gateway ORDER BY gateway;

-- name: models
SELECT id, gateway, kind, horizon, role, trained_from, trained_until, made_at, made_by, scores
FROM forecast.model
WHERE (%(gateway)s::text IS NULL OR gateway = %(gateway)s) AND (%(kind)s::text IS NULL OR kind = %(kind)s)
  AND (%(horizon)s::text IS NULL OR horizon = %(horizon)s) AND role = ANY (%(roles)s::text[])
ORDER BY gateway, kind, horizon, made_at DESC, id DESC LIMIT %(limit)s;

-- name: model
SELECT model FROM forecast.model WHERE id = %s;

-- name: retire_model
UPDATE forecast.model SET role = 'retired'
WHERE gateway = %(gateway)s AND kind = %(kind)s AND horizon = %(horizon)s AND role = ANY (%(retiring)s::text[]);

-- name: add_model
INSERT INTO forecast.model (gateway, kind, horizon, role, trained_from, trained_until, made_at, made_by, scores, model)
VALUES (%(gateway)s, %(kind)s, %(horizon)s, %(role)s, %(trained_from)s, %(trained_until)s, %(made_at)s, %(made_by)s,
  %(scores)s::jsonb, %(model)s::jsonb)
RETURNING id;

-- name: add_power
INSERT INTO forecast.power (gateway, kind, horizon, issued_at, valid_at, mean_kw, floor_kw, quantiles_kw, model_id)
SELECT %(gateway)s, %(kind)s, %(horizon)s, %(issued_at)s, valid_at, mean_kw, nullif(floor_kw, 'NaN'), quantiles_kw::real[], %(model_id)s
FROM unnest(%(valid_at)s::timestamptz[], %(mean_kw)s::real[], %(floor_kw)s::real[], %(quantiles_kw)s::text[])
  AS given (valid_at, mean_kw, floor_kw, quantiles_kw)
ON CONFLICT DO NOTHING;

-- name: power
-- Of each quarter the newest forecast that was issued early enough; the lead is none for the newest of all.
SELECT DISTINCT ON (valid_at) valid_at, issued_at, mean_kw, floor_kw, quantiles_kw, model_id
FROM forecast.power
WHERE gateway = %(gateway)s AND kind = %(kind)s AND horizon = %(horizon)s AND valid_at >= %(start)s AND valid_at < %(end)s
  AND issued_at <= valid_at - %(least_lead)s::interval
ORDER BY valid_at, issued_at DESC LIMIT %(limit)s;

-- name: issue
SELECT valid_at, issued_at, mean_kw, floor_kw, quantiles_kw, model_id
FROM forecast.power
WHERE gateway = %(gateway)s AND kind = %(kind)s AND horizon = %(horizon)s AND issued_at = %(issued_at)s
ORDER BY valid_at;

-- name: last_issue
SELECT max(issued_at) FROM forecast.power WHERE gateway = %(gateway)s AND kind = %(kind)s AND horizon = %(horizon)s;

-- name: power_span
SELECT min(valid_at), max(valid_at) FROM forecast.power
WHERE gateway = %(gateway)s AND kind = %(kind)s AND horizon = %(horizon)s;
