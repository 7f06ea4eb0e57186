"""What a city counts: the rule as data, the tests in their order, counts that are frozen, and what differs between two."""
