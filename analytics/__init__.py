"""Pure functions by family, to come."""
