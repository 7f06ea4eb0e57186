-- What the weather is said to become, what was learned of each plant from it, and the power that was forecast. A plant is the
-- machines of one kind behind one gateway.
CREATE SCHEMA forecast;

CREATE TABLE forecast.weather (
  gateway text NOT NULL,
  valid_at timestamptz NOT NULL,
  issued_at timestamptz NOT NULL,
  fields jsonb NOT NULL,
  PRIMARY KEY (gateway, valid_at, issued_at)
);
COMMENT ON TABLE forecast.weather IS 'Weather forecasts for the place of a gateway, every issue of them: what was known when counts';
COMMENT ON COLUMN forecast.weather.fields IS 'Name to number: wind_speed m/s, irradiance W/m2, temperature degC and others';

CREATE TABLE forecast.model (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  gateway text NOT NULL,
  kind text NOT NULL,
  horizon text NOT NULL CHECK (horizon IN ('day_ahead', 'ultra_short')),
  role text NOT NULL CHECK (role IN ('champion', 'challenger', 'retired')),
  trained_from timestamptz NOT NULL,
  trained_until timestamptz NOT NULL,
  made_at timestamptz NOT NULL,
  made_by text NOT NULL,
  scores jsonb NOT NULL,
  model jsonb NOT NULL,
  CHECK (trained_from < trained_until)
);
CREATE UNIQUE INDEX model_in_use ON forecast.model (gateway, kind, horizon, role) WHERE role <> 'retired';
COMMENT ON TABLE forecast.model IS 'How the power of a plant follows the weather forecast';
COMMENT ON COLUMN forecast.model.role IS 'A champion forecasts; a challenger was not clearly better than champion and floor';
COMMENT ON COLUMN forecast.model.scores IS 'On the newest days before it was made, which it had not seen: its errors, the floors'' and the champion''s';

CREATE TABLE forecast.power (
  gateway text NOT NULL,
  kind text NOT NULL,
  horizon text NOT NULL,
  issued_at timestamptz NOT NULL,
  valid_at timestamptz NOT NULL,
  mean_kw real NOT NULL,
  floor_kw real,
  quantiles_kw real[] NOT NULL,
  model_id integer NOT NULL REFERENCES forecast.model,
  PRIMARY KEY (gateway, kind, horizon, issued_at, valid_at)
);
CREATE INDEX ON forecast.power (gateway, kind, horizon, valid_at, issued_at DESC);
COMMENT ON TABLE forecast.power IS 'Forecasts as they were issued; none is ever changed or made up later';
COMMENT ON COLUMN forecast.power.valid_at IS 'Begin of the quarter of an hour whose mean power it is';
COMMENT ON COLUMN forecast.power.floor_kw IS 'What the weather forecast says through the binned power curve alone';
COMMENT ON COLUMN forecast.power.quantiles_kw IS 'Of the levels 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95';
