"""Equipment as data: what a kind of equipment measures, and where one real device keeps it."""
