"""One machine: all its values now, and their trends."""
