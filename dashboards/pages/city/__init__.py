"""The city at a glance, and its report."""
