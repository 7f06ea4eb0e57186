-- What people look at beside figures: power curves, losses, states over a day. Those of an analytic's newest run are kept.
CREATE TABLE result.picture (
  equipment_id integer NOT NULL REFERENCES reading.equipment,
  analytic text NOT NULL,
  start_time timestamptz NOT NULL,
  end_time timestamptz NOT NULL,
  pieces jsonb NOT NULL,
  PRIMARY KEY (equipment_id, analytic)
);
COMMENT ON TABLE result.picture IS 'Pictures of machines that analytics have put down in their newest run';
COMMENT ON COLUMN result.picture.pieces IS 'As the evidence of findings: a list of objects, each with its form and what is drawn';
