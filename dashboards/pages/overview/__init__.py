"""All machines at a glance."""
